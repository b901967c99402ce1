import { deflateSync } from 'fflate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLink, defaultView, encodeLink, type Link } from '../../src/analysis/link';
import { defaultRequest } from '../../src/analysis/request';

const { memory: _, ...request } = defaultRequest;
const base: Link = { source: { kind: 'example', id: 'reduced-rank' }, request, view: defaultView, grams: null, digest: [] };
const pack = (value: unknown) => '#v1.' + Buffer.from(deflateSync(typeof value === 'string' ? new TextEncoder().encode(value) : new TextEncoder().encode(JSON.stringify(value)))).toString('base64url');

describe('share links', () => {
  it('come back as they were', () => {
    const name = fc.string({ unit: 'binary', maxLength: 60 }).filter((s) => !/\p{Surrogate}/u.test(s));
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    const link: fc.Arbitrary<Link> = fc.record({
      source: fc.oneof(
        fc.record({ kind: fc.constant('example' as const), id: fc.stringMatching(/^[a-z0-9-]{1,20}$/) }),
        fc.record({ kind: fc.constant('remote' as const), address: fc.constantFrom('hf:a/b@main', 'hf:a/b@refs%2Fpr%2F1/x%20y.pt', 'https://x.org/m.npz?v=1', 'http://localhost:8000/m.pt'), name, fingerprint: fc.stringMatching(/^[0-9a-f]{64}$/), probe: fc.constant(null) }),
        fc.record({ kind: fc.constant('local' as const), name, fingerprint: fc.stringMatching(/^[0-9a-f]{64}$/), probe: fc.constant(null) }),
      ),
      request: fc.record({
        seed: fc.nat(4294967295), samples: fc.option(fc.integer({ min: 1, max: 1000 })), positions: fc.constant(null),
        loss: fc.constantFrom('mse' as const, 'ce' as const, null), fisher: fc.constantFrom('exact' as const, null), layers: name,
        backend: fc.constant('auto' as const), choices: fc.constant({ activation: 'gelu' }), threshold: fc.double({ min: 0, max: 1, noNaN: true }),
        parameter: fc.boolean(), gradients: fc.boolean(), directions: fc.boolean(), digits: fc.option(fc.integer({ min: 1, max: 12 })), folds: fc.option(fc.nat(20)),
      }),
      grams: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
      view: fc.record({
        tab: fc.constantFrom('spectra' as const, 'directions' as const), layer: fc.option(name), sides: fc.constant(['gradient' as const]), scale: fc.constant('absolute' as const),
        index: fc.constant('log' as const), range: fc.option(fc.record({ x: fc.tuple(finite, finite), y: fc.tuple(finite, finite) })),
        overview: fc.constant('heatmap' as const), sort: fc.option(fc.record({ key: fc.constant('rank'), descending: fc.boolean() })), filter: name,
        direction: fc.option(fc.nat(100_000)),
        directions: fc.record({ sort: fc.constant(null), verdict: fc.constantFrom('gauge' as const, null), detector: fc.option(fc.constant('dead-unit')) }),
      }),
      path: fc.record({
        kind: fc.constantFrom('run' as const, 'line' as const),
        direction: fc.option(fc.record({ detector: fc.constant('dead-unit'), layer: name, index: fc.nat(50), note: fc.option(name) })),
        axis: fc.constantFrom('step' as const, 'log distance' as const), reading: fc.constant('trace' as const),
        window: fc.option(fc.tuple(fc.nat(20), fc.nat(20))), at: fc.option(fc.nat(20)),
      }),
      digest: fc.constant([]),
    });
    fc.assert(fc.property(link, (l) => {
      const back = decodeLink(encodeLink(l));
      expect(back).toEqual(JSON.parse(JSON.stringify(l)));
    }), { numRuns: 200, seed: 1 });
  });

  it('from before there were directions still open', () => {
    const { direction, directions, ...view } = defaultView;
    expect(decodeLink(pack({ ...base, view })).view).toEqual({ ...view, direction, directions });
    expect(decodeLink(pack(base)).path).toBeUndefined();
  });

  it('leave the memory of a machine to that machine, and keep that there are no gradients', () => {
    const opened = decodeLink(pack({ ...base, request: { ...request, memory: 2, gradients: false } })).request;
    expect(opened).toEqual({ ...request, gradients: false });
  });

  it('stay short: the digest gives way', () => {
    const digest = Array.from({ length: 64 }, (_, i) => ({ layer: `blocks.${i}.${Math.sin(i)}`, side: 'gradient' as const, dimension: 512, rank: i, lambdaMax: Math.sin(i), lambdaPlusMin: Math.cos(i), logDetPlus: Math.tan(i) }));
    const text = encodeLink({ ...base, digest });
    expect(text.length).toBeLessThanOrEqual(2048);
    const kept = decodeLink(text).digest;
    expect(kept.length).toBeGreaterThan(3);
    expect(kept).toEqual(digest.slice(0, kept.length));
  });

  it.each([
    ['empty', '#', /not a Deadreckon link/],
    ['unknown key', '#x=1', /not a Deadreckon link/],
    ['future version', '#v2.AAAA', /version 2.*newer/s],
    ['broken percent', '#v1.%E0%A4%A', /damaged/],
    ['garbage', '#v1.AAAABBBBCCCC', /damaged/],
    ['markup', '#v1.<img src=x onerror=alert(1)>', /damaged/],
    ['two megabytes', `#v1.${'A'.repeat(2_000_000)}`, /characters; at most/],
    ['a bomb', `#v1.${Buffer.from(deflateSync(new Uint8Array(30_000_000), { level: 9 })).toString('base64url')}`, /unpacks to more than/],
    ['null', pack('null'), /does not understand/],
    ['a number', pack('1e999'), /does not understand/],
    ['a string', pack('"x"'), /does not understand/],
    ['cut JSON', pack('{"source":'), /damaged/],
    ['NaN', pack('{"source":NaN}'), /damaged/],
    ['deep', pack('['.repeat(50_000)), /damaged/],
    ['wrong types', pack({ ...base, request: { ...defaultRequest, seed: 'x' } }), /request\.seed/],
    ['huge size', pack({ ...base, request: { ...defaultRequest, samples: 1e12 } }), /request\.samples/],
    ['overflow', pack(JSON.stringify(base).replace('"threshold":0', '"threshold":1e308')), /request\.threshold/],
    ['javascript: source', pack({ ...base, source: { kind: 'url', url: 'javascript:alert(1)' } }), /source/],
    ...[
      'javascript:alert(1)', 'file:///etc/passwd', 'data:,x', 'http://x.org/m.pt', 'https://me:secret@x.org/m.pt', 'https://192.168.0.1/m.pt', 'https://0xc0a80001/m.pt',
      'https://169.254.169.254/latest/meta-data', 'https://[fd00::1]/m.pt', 'https://router/m.pt', 'https://nas.local/m.pt', 'hf:a/b@main/../../x', 'hf:a/b', 'HTTPS://x.org/m.pt',
      'https://x.org/m.pt#part', 'https://huggingface.co/a/b/blob/main/m.pt', 'hf:a/b@1,2', 'hf:a/b@main hf:c/d@main', '', 'x'.repeat(1001), 7,
    ].map((address): [string, string, RegExp] => [`the address ${String(address).slice(0, 60)}`, pack({ ...base, source: { kind: 'remote', address, name: 'm', fingerprint: 'f', probe: null } }), /source\.address/]),
    ['path in an id', pack({ ...base, source: { kind: 'example', id: '../../etc' } }), /source\.id/],
  ])('refuse %s', (_, text, message) => {
    // Processor time: the wall clock counts what else the machine does.
    const begin = process.cpuUsage();
    expect(() => decodeLink(text)).toThrow(message);
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(500);
  });

  it('pollute nothing', () => {
    const text = JSON.stringify(base).replace('"choices":{}', '"choices":{"__proto__":{"polluted":"yes"},"constructor":"x"}');
    try {
      decodeLink(pack(text));
    } catch {
      // Refusing is as good.
    }
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});
