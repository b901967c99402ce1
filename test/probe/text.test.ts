/** Text as token ids: those of the Python library, cut and framed; and a loss that transformers agrees with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TextContent } from '../../src/probe/content';
import { tokens } from '../../src/probe/sources/tokens';
import { probeFromText } from '../../src/probe/text';
import { openTokenizer } from '../../src/probe/tokenizer';
import type { Probe, ProbeSpec, TokenSpec } from '../../src/probe/types';

const FOLDER = join(import.meta.dirname, '../fixtures/probes');
const file = (name: string) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') });
const expected = JSON.parse(readFileSync(join(FOLDER, 'tokens.json'), 'utf8')) as Record<string, Record<string, { text: string; ids: number[]; inner: number[] }>>;
const KINDS = ['gpt2', 'gpt4', 'bert', 'llama', 'unigram'];
const tokenizerOf = (kind: string) => openTokenizer(file(`${kind}/tokenizer.json`), file(`${kind}/tokenizer_config.json`));

const contentOf = (text: string): TextContent => {
  const bytes = new TextEncoder().encode(text);
  return { kind: 'text', file: 'a.txt', size: bytes.length, read: async (n) => new TextDecoder().decode(bytes.subarray(0, n), { stream: n < bytes.length }) };
};
const specOf = (input: Partial<TokenSpec>, samples: number | null = null, positions: number | null = null): ProbeSpec => ({
  input: { kind: 'tokens', vocabulary: 320, context: 64, ...input }, outputs: 320, samples, positions, seed: 0,
});
const rowsOf = ({ inputs }: Probe) => {
  if (inputs.kind !== 'tokens') throw new Error('tokens expected');
  return Array.from({ length: inputs.samples }, (_, i) => [...inputs.ids.subarray(i * inputs.positions, (i + 1) * inputs.positions)]);
};
const CORPUS = readFileSync(join(FOLDER, 'gpt2/corpus.txt'), 'utf8');

describe('token ids', () => {
  it.each(KINDS)('%s: the same as those of the Python library tokenizers', async (kind) => {
    const tokenizer = await tokenizerOf(kind);
    for (const [name, { text, ids, inner }] of Object.entries(expected[kind]!)) {
      const found = tokenizer.encode(text);
      expect(found, name).toEqual(inner);
      expect([...tokenizer.before, ...found, ...tokenizer.behind], name).toEqual(ids);
    }
  });

  it('parts that the JavaScript library does not reproduce are named', async () => {
    const json = { added_tokens: [], normalizer: null, post_processor: null, decoder: null, pre_tokenizer: { type: 'Split', pattern: { String: '-' }, behavior: 'MergedWithPrevious', invert: false }, model: { type: 'WordLevel', vocab: { a: 0, '[UNK]': 1 }, unk_token: '[UNK]' } };
    const tokenizer = await openTokenizer({ name: 'tokenizer.json', text: JSON.stringify(json) }, null);
    expect(tokenizer.doubts).toEqual([expect.stringContaining('MergedWithPrevious')]);
    expect(tokenizer.encode('b')).toEqual([1]);
  });

  it('what is no tokenizer is refused', async () => {
    await expect(openTokenizer({ name: 'tokenizer.json', text: '{}' }, null)).rejects.toMatchObject({ code: 'tokenizer', message: expect.stringContaining('no vocabulary') });
    await expect(openTokenizer({ name: 'tokenizer.json', text: '{"model":{"type":"BPE","vocab":{"a":0}},"normalizer":{"type":"Odd"}}' }, null)).rejects.toMatchObject({ code: 'tokenizer' });
  });
});

describe('sequences', () => {
  it('are windows of the text with the next tokens as targets', async () => {
    const tokenizer = await tokenizerOf('gpt2');
    const ids = tokenizer.encode(CORPUS);
    const probe = await probeFromText(contentOf(CORPUS), tokenizer, specOf({ next: true }, 5, 8));
    expect(rowsOf(probe)).toEqual([0, 1, 2, 3, 4].map((i) => ids.slice(8 * i, 8 * i + 8)));
    expect(probe.targets).toEqual({ kind: 'labels', labels: Int32Array.from(ids.slice(1, 41)) });
    expect(probe.description).toBe('a.txt: 5 sequences of 8 tokens of text, with the next tokens as targets');
    expect(probe.evidence).toEqual(['a.txt through gpt2/tokenizer.json (BPE, 320 tokens): its first 40 tokens, cut one after the other', 'targets: at every position the token that follows']);
  });

  it('begin with what the tokenizer puts before a text, which predicts the first token', async () => {
    const tokenizer = await tokenizerOf('llama');
    const text = 'The tail of the spectrum is read here';
    const ids = tokenizer.encode(text);
    const probe = await probeFromText(contentOf(text), tokenizer, specOf({ next: true, vocabulary: 500 }, 2, 4));
    expect(rowsOf(probe)).toEqual([[1, ...ids.slice(0, 3)], [1, ...ids.slice(3, 6)]]);
    expect(probe.targets).toEqual({ kind: 'labels', labels: Int32Array.from([...ids.slice(0, 4), ...ids.slice(3, 7)]) });
    expect(probe.evidence!.join()).toContain('begins with <s> (1)');
  });

  it('of a network that does not say what follows are framed on both sides and have no targets', async () => {
    const tokenizer = await tokenizerOf('bert');
    const probe = await probeFromText(contentOf('The tail is dead. 世界'), tokenizer, specOf({}, 1, 6));
    expect(rowsOf(probe)[0]).toEqual([2, ...tokenizer.encode('The tail is dead.').slice(0, 4), 3]);
    expect(probe.targets).toBeNull();
    const odd = await probeFromText(contentOf('世 世 the 世'), tokenizer, specOf({}, 1, 6));
    expect(odd.evidence!.join()).toContain('tokens are what the tokenizer does not know');
    expect(odd.evidence!.join()).toContain('ends with [SEP] (3)');
    expect(odd.evidence!.join()).toContain('a vocabulary of 320: the rest is padding, or it is the tokenizer of another network');
  });

  it('by default fill 2048 rows, as far as the text goes; only its beginning is read', async () => {
    const tokenizer = await tokenizerOf('gpt2');
    const long = contentOf(CORPUS.repeat(40));
    const reads: number[] = [];
    const probe = await probeFromText({ ...long, read: (n) => (reads.push(n), long.read(n)) }, tokenizer, specOf({ next: true }));
    expect(probe.inputs).toMatchObject({ samples: 32, positions: 64 });
    expect(rowsOf(probe).flat()).toEqual(tokenizer.encode(CORPUS.repeat(40)).slice(0, 2048));
    expect(Math.max(...reads)).toBeLessThan(long.size);
    // Fewer of the same text are not read again.
    const content = { ...long, read: (n: number) => (reads.push(n), long.read(n)) };
    await probeFromText(content, tokenizer, specOf({ next: true }, 4, 16));
    const before = reads.length;
    expect((await probeFromText(content, tokenizer, specOf({ next: true }, 2, 16))).inputs.samples).toBe(2);
    expect(reads).toHaveLength(before);
    const short = await probeFromText(contentOf('The tail.'), tokenizer, specOf({ next: true }));
    expect(short.inputs).toMatchObject({ samples: 1, positions: tokenizer.encode('The tail.').length - 1 });
    expect(short.evidence!.join()).toContain('enough for 1 of 32 sequences');
  });

  it('what does not go together is refused by name', async () => {
    const tokenizer = await tokenizerOf('gpt2');
    const refusal = (text: string, spec: ProbeSpec, with_: typeof tokenizer | null = tokenizer) => probeFromText(contentOf(text), with_, spec).then(() => null, (error: Error & { code: string }) => `${error.code}: ${error.message}`);
    expect(await refusal('The', specOf({}), null)).toMatch(/^no-tokenizer: a\.txt: .*tokenizer\.json is missing/);
    expect(await refusal(CORPUS, specOf({ vocabulary: 200 }))).toMatch(/^vocabulary: gpt2\/tokenizer\.json: the token "[^"]+" of a\.txt has id \d+, and this network has a vocabulary of 200/);
    expect(await refusal('', specOf({ next: true }))).toMatch(/^text-short/);
    expect(await refusal('a', specOf({}), { ...tokenizer, encode: () => { throw new RangeError('Maximum call stack size exceeded'); } })).toMatch(/^text-long: a\.txt: 1 characters at once/);
    expect(await refusal(CORPUS, specOf({}, 1, 65))).toMatch(/^probe-context/);
    expect(await refusal(CORPUS, { ...specOf({}), input: { kind: 'vector', width: 3 } })).toMatch(/^probe-text: .*vectors of width 3/);
    expect(await refusal('The', specOf({ vocabulary: 500 }, 1, 2), await tokenizerOf('bert'))).toMatch(/^probe-positions/);
  });
});

describe('the built-in token probe', () => {
  const drawn = (input: Partial<TokenSpec>) => {
    const probe = tokens.make(specOf({ vocabulary: 6, ...input }, 200, 4));
    return { ids: new Set(rowsOf(probe).flat()), description: probe.description };
  };

  it('is smaller for networks of billions of parameters, unless somebody says how large', () => {
    const samples = (parameters?: number, wanted: number | null = null) => tokens.defaults({ ...specOf({ vocabulary: 6 }, 1, 4), samples: wanted, ...(parameters && { parameters }) }).samples;
    expect([samples(), samples(124e6), samples(1.1e9), samples(6.7e9), samples(7e10)]).toEqual([128, 128, 31, 5, 4]);
    expect(samples(7e10, 200)).toBe(200);
  });

  it('leaves out what stands for no text', () => {
    expect(drawn({})).toEqual({ ids: new Set([0, 1, 2, 3, 4, 5]), description: '200 sequences of 4 uniform tokens out of 6, seed 0' });
    expect(drawn({ special: [0, 3, 50256], known: 5 })).toEqual({
      ids: new Set([1, 2, 4]),
      description: '200 sequences of 4 uniform tokens out of 3 (without the special tokens 0, 3 and 1 ids that its tokenizer does not have), seed 0',
    });
  });

  it('draws from all where nothing would be left', () => {
    expect(drawn({ special: [0, 1, 2, 3, 4] }).ids.size).toBe(6);
  });
});
