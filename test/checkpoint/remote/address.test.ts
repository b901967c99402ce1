import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, hostOf, isPrivate, looksRemote, parseAddress, parseAddresses } from '../../../src/checkpoint/remote/address';

const hub = (repository: string, revision = 'main', path = '') => ({ kind: 'hub', repository, revision, path });

describe('an address', () => {
  it.each([
    ['hf:EleutherAI/pythia-70m', hub('EleutherAI/pythia-70m')],
    ['hf://EleutherAI/pythia-70m@step1000/model.safetensors', hub('EleutherAI/pythia-70m', 'step1000', 'model.safetensors')],
    ['hf:a/b@refs%2Fpr%2F1/sub/x.pt', hub('a/b', 'refs/pr/1', 'sub/x.pt')],
    ['hf:a/b/x%20y%25.pt', hub('a/b', 'main', 'x y%.pt')],
    ['hf:a/b/sub/', hub('a/b', 'main', 'sub/')],
    ['https://huggingface.co/a/b', hub('a/b')],
    ['https://huggingface.co/a/b/', hub('a/b')],
    ['https://huggingface.co/a/b/blob/v1.0/x%20y.bin?download=true', hub('a/b', 'v1.0', 'x y.bin')],
    ['https://hf.co/a/b/resolve/main/sub/model.safetensors', hub('a/b', 'main', 'sub/model.safetensors')],
    ['https://huggingface.co/a/b/raw/main/model.safetensors', hub('a/b', 'main', 'model.safetensors')],
    ['https://huggingface.co/a/b/tree/step3', hub('a/b', 'step3')],
    ['https://huggingface.co/a/b/tree/main/checkpoints', hub('a/b', 'main', 'checkpoints/')],
    ['https://huggingface.co/datasets/a/b/blob/main/x.npz', { kind: 'url', url: 'https://huggingface.co/datasets/a/b/resolve/main/x.npz' }],
    ['https://github.com/o/r/blob/main/weights/x.pt', { kind: 'url', url: 'https://raw.githubusercontent.com/o/r/main/weights/x.pt' }],
    ['https://Example.org/a/../x.pt?v=2#part', { kind: 'url', url: 'https://example.org/x.pt?v=2' }],
    ['http://localhost:8000/x.pt', { kind: 'url', url: 'http://localhost:8000/x.pt' }],
    ['http://127.0.0.1:8000/x.pt', { kind: 'url', url: 'http://127.0.0.1:8000/x.pt' }],
  ])('%s', (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
    expect(looksRemote(text)).toBe(true);
  });

  it('may name several revisions or files', () => {
    const texts = (text: string) => parseAddresses(text).map(addressText);
    expect(texts('hf:a/b@step1,step2,step1/m.pt')).toEqual(['hf:a/b@step1/m.pt', 'hf:a/b@step2/m.pt']);
    expect(texts('  hf:a/b\nhttps://x.org/m.npz ')).toEqual(['hf:a/b@main', 'https://x.org/m.npz']);
    expect(() => parseAddress('hf:a/b@1,2')).toThrow(/several/);
  });

  it.each([
    ['', /not an address/],
    ['file:///etc/passwd', /"file:" is not fetched/],
    ['javascript:alert(1)', /"javascript:" is not fetched/],
    ['data:text/plain,x', /"data:" is not fetched/],
    ['blob:https://x.org/1', /"blob:" is not fetched/],
    ['ftp://x.org/m.pt', /"ftp:" is not fetched/],
    ['http://x.org/m.pt', /without encryption/],
    ['http://localhost.evil.org/m.pt', /without encryption/],
    ['https://me:secret@x.org/m.pt', /user name or password/],
    ['https://', /not an address/],
    ['hf:', /not complete/],
    ['hf:gpt2', /not complete/],
    ['hf:a/b@../c', /cannot be a revision/],
    ['hf:a/b@main..x/m.pt', /cannot be a revision/],
    ['hf:a/../c', /cannot be a repository/],
    ['hf:../b', /cannot be a repository/],
    ['hf:a/b@main/../../x', /cannot be a path/],
    ['hf:a/b@main/a%2F..%2Fb', /cannot be a path/],
    ['hf:a/b@main/x?download', /cannot be a path/],
    ['hf:a/b@%E0%A4%A', /broken percent/],
    ['https://huggingface.co/gpt2', /no model repository/],
    ['https://huggingface.co/a/b/discussions/3', /a page of the Hub/],
    [`https://x.org/${'a'.repeat(1000)}`, /characters; at most/],
    [Array.from({ length: 501 }, (_, i) => `hf:a/b${i}`).join(' '), /at most 500/],
  ])('refuses %s', (text, message) => {
    expect(() => parseAddresses(text)).toThrow(message);
  });

  it('is neither a path nor a share link', () => {
    expect(['model.safetensors', './a/b.pt', '/a:b', 'C:\\x\\y.pt', 'https://x.org/#v1.abc'].map(looksRemote)).toEqual([false, false, false, false, false]);
  });

  it('reads back from its shortest form', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,20}$/);
    const path = fc.array(fc.string({ minLength: 1, maxLength: 9 }).filter((s) => !/[\\?#/]|^\.+$/.test(s)), { maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(name, name, fc.array(name.filter((r) => !r.includes('..')), { minLength: 1, maxLength: 2 }), path, (owner, repository, revision, file) => {
        const address = hub(`${owner}/${repository}`, revision.join('/'), file);
        expect(parseAddress(addressText(address as never))).toEqual(address);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('tells the reader’s own network from the world', () => {
    const own = ['10.0.0.1', '172.16.4.4', '192.168.1.1', '169.254.169.254', '127.0.0.2', '0.0.0.0', '100.64.0.1', '0x0a.1', '2130706434', '[fe80::1]', '[fd00::1]', '[::]', '[::ffff:10.0.0.1]', 'router', 'nas.local', 'wiki.corp', 'x.home.arpa'];
    expect(own.filter((host) => !isPrivate(parseAddress(`https://${host}/m.pt`)))).toEqual([]);
    const world = ['x.org', '8.8.8.8', '172.32.0.1', '[2606:4700::1]', 'localhost', '127.0.0.1', '[::1]', '2130706433'];
    expect(world.filter((host) => isPrivate(parseAddress(`https://${host}/m.pt`)))).toEqual([]);
    expect(hostOf(parseAddress('hf:a/b'))).toBe('huggingface.co');
  });
});
