/** Seeded mutants of good files: every outcome is a checkpoint or a sentence, never an accident. Round trips by fast-check. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naturalCompare } from '../../src/base/natural';
import { Random } from '../../src/base/random';
import { parseStrictJson } from '../../src/checkpoint/strict-json';
import { mutate, survives } from './mutants';
import { graph, integer, model, node, packed, run, tensor, value } from './onnx-writer';
import { f32, join, latin, legacy, loaded, npyOf, open, P, pt, safetensors, text, zip } from './writers';

const state = P.file(P.dict(['model', P.orderedDict(['a', P.tensor('0', 4, [2, 2], [1, 2])], ['b', P.tensor('0', 4, [4], [1])])], ['config', P.dict(['act', P.str('gelu')])], ['n', join(P.global('argparse', 'Namespace'), ')\x81}b')]));
const seeds: [string, Uint8Array][] = [
  ['m.safetensors', safetensors({ __metadata__: { k: 'v' }, a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, b: { dtype: 'BF16', shape: [2, 1], data_offsets: [8, 12] } }, f32(1, 2, 3))],
  ['m.npy', npyOf('>f4', '(2, 2)', f32(1, 2, 3, 4), 'True')],
  ['m.npz', zip([{ name: 'a.npy', data: npyOf('<f4', '(2,)', f32(1, 2)) }, { name: 'b.npy', data: npyOf('<f4', '(2,)', f32(1, 2)), deflate: true, zip64: true }], { zip64: true })],
  ['m.pt', pt(state)],
  ['legacy.pt', legacy(state)],
  [
    'm.onnx',
    model({
      nodes: [
        node('Gemm', ['x', 'a', 'b'], ['y'], { transB: 1, alpha: { float: 1 } }),
        node('Constant', [], ['c'], { value: { tensor: tensor({ dims: [1], type: 7, more: integer(7, 3) }) } }),
        node('If', ['c'], ['z'], { then_branch: { graph: graph({ nodes: [node('Relu', ['y'], ['z'])] }) }, axes: [1, 2] }),
      ],
      tensors: [tensor({ name: 'a', dims: [1, 2], raw: f32(1, 2) }), tensor({ name: 'b', dims: [1], more: run(4, f32(3)) }), tensor({ name: 'd', type: 10, more: packed(5, [0x3c00, 1]) })],
      inputs: [value('x', ['n', 2])],
      outputs: [value('z', ['n', 1])],
    }),
  ],
  ['m.index.json', text('{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"x.safetensors"}}')],
];
/** Pickle opcodes and sane arguments in random order, inside a sound archive: deeper than byte flips get. */
function randomPickle(random: Random): Uint8Array {
  const pieces: Uint8Array[] = [...'(012NRbcdehloqtsua}])Q'].map((c) => latin(c)).concat([
    P.str('a'), P.int(2), P.global('collections', 'OrderedDict'), P.global('torch._utils', '_rebuild_tensor_v2'), P.global('posix', 'system'), P.storage('0', 4), P.ints([2, 2]), P.tensor('0', 4, [4], [1]),
    latin('\x85'), latin('\x86'), latin('\x81'), latin('q\x01'), latin('h\x01'), latin('\x94'), P.global('numpy', 'dtype'), P.global('_codecs', 'encode'),
  ]);
  return pt(P.file(...Array.from({ length: 3 + random.integer(25) }, () => pieces[random.integer(pieces.length)]!)));
}

describe('mutants', () => {
  it.each(seeds)('%s: 2,000 of them', { timeout: 30_000 }, async (name, bytes) => {
    expect((await open(name, bytes)).refusals.every((r) => r.code === 'missing-shards')).toBe(true);
    const random = new Random(20240607).split(name);
    for (let i = 0; i < 2000; i++) await survives(name, mutate(bytes, random), `${name} mutant ${i}`);
  });

  it('2,000 random pickles', { timeout: 30_000 }, async () => {
    const random = new Random(99);
    for (let i = 0; i < 2000; i++) await survives('r.pt', randomPickle(random), `pickle ${i}`);
  });

  it('every prefix of every seed', { timeout: 30_000 }, async () => {
    for (const [name, bytes] of seeds) {
      for (let length = 0; length < bytes.length; length += 1 + (bytes.length >> 8)) await survives(name, bytes.slice(0, length), `${name} cut at ${length}`);
    }
  });
});

describe('round trips', () => {
  const numbers = fc.array(fc.float({ noDefaultInfinity: true, noNaN: true }), { maxLength: 12 });

  it('names and values through safetensors, npz and pt', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((n) => n !== '__metadata__' && !/\p{Cs}/u.test(n)), numbers), { minLength: 1, maxLength: 5, selector: ([n]) => n }), async (tensors) => {
        let at = 0;
        const header = Object.create(null) as Record<string, object>;
        for (const [name, v] of tensors) header[name] = { dtype: 'F32', shape: [v.length], data_offsets: [at, (at += 4 * v.length)] };
        const files: [string, Uint8Array][] = [
          ['m.safetensors', safetensors(header, join(...tensors.map(([, v]) => f32(...v))))],
          ['m.npz', zip(tensors.map(([name, v]) => ({ name: `${name}.npy`, data: npyOf('<f4', `(${v.length},)`, f32(...v)), deflate: true })))],
          ['m.pt', pt(P.file(P.dict(['state_dict', P.dict(...tensors.map(([name, v], i): [string, Uint8Array] => [name, P.tensor(`${i}`, v.length, [v.length], [1])]))])), Object.fromEntries(tensors.map(([, v], i) => [i, f32(...v)])))],
        ];
        for (const [file, bytes] of files) {
          const checkpoint = await loaded(file, bytes);
          expect(checkpoint.tensors.size).toBe(tensors.length);
          for (const [name, v] of tensors) expect(await checkpoint.tensors.get(name)!.bytes()).toEqual(f32(...v));
        }
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it('strict JSON agrees with JSON.parse wherever both accept', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (source) => {
        expect(plain(parseStrictJson(text(source), 'f', 'text'))).toEqual(plain(JSON.parse(source)));
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('natural order is a total order that counts', () => {
    expect(['a10', 'a2', 'a1b', 'a1', 'b', 'a01', 'a'].sort(naturalCompare)).toEqual(['a', 'a01', 'a1', 'a1b', 'a2', 'a10', 'b']);
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '0', '1', '9'), maxLength: 8 });
    fc.assert(
      fc.property(name, name, name, (x, y, z) => {
        expect(Math.sign(naturalCompare(x, y))).toBe(-Math.sign(naturalCompare(y, x)) || 0);
        expect(naturalCompare(x, y) === 0).toBe(x === y);
        if (naturalCompare(x, y) <= 0 && naturalCompare(y, z) <= 0) expect(naturalCompare(x, z)).toBeLessThanOrEqual(0);
      }),
      { seed: 13, numRuns: 2000 },
    );
  });
});

/** Both readings in one form: entries of objects, in order of keys; numbers as numbers. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if ('value' in value && value.constructor.name === 'Real') return value.value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return { entries: entries.map(([k, v]) => [k, plain(v)]).sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1)) };
}
