/** Reading parameters: a few tensors at a time, each once, in their order. */
import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/model/onnx/builder';
import { AT_A_TIME, matrixSource, readSources, readStored, vectorSource, type Sources } from '../../src/model/sources';
import { stubCheckpoint } from '../checkpoint-stub';

const count = 3 * AT_A_TIME;
const checkpoint = stubCheckpoint(Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, { shape: [2, 3], values: Array.from({ length: 6 }, (_, k) => 10 * i + k) }])));
const sources: Sources = new Map([
  ...Array.from({ length: count }, (_, i) => [`p${i}`, matrixSource(`t${i}`, [2, 3], 0)] as const),
  ['first', vectorSource('fused', [0, 2])],
  ['second', vectorSource('fused', [1])],
]);

/** The checkpoint, with how often a tensor was asked for, and how many were on their way at most. */
function watched(fails?: string) {
  const seen = { reads: [] as string[], most: 0 };
  let open = 0;
  const tensors = new Map(
    [...checkpoint.tensors, ['fused', { ...checkpoint.tensors.get('t0')!, shape: [3] }] as const].map(([name, t]) => [
      name,
      {
        name, dtype: t.dtype, shape: t.shape, file: t.file, bytes: () => Promise.reject(new Error('bytes')),
        values: async () => {
          seen.reads.push(name);
          seen.most = Math.max(seen.most, ++open);
          await new Promise((done) => setTimeout(done, 1));
          open--;
          if (name === fails) throw new Error(`${name} cannot be read`);
          return name === 'fused' ? Float64Array.of(7, 8, 9) : checkpoint.tensors.get(name)!.values();
        },
      },
    ]),
  );
  return { seen, checkpoint: { ...checkpoint, tensors } };
}

it('asks ahead, and for every tensor once', async () => {
  const { seen, checkpoint: of } = watched();
  const parameters = await readSources(of, sources);
  expect([...parameters.keys()]).toEqual([...sources.keys()]);
  expect(seen.most).toBe(AT_A_TIME);
  expect(seen.reads).toEqual([...Array.from({ length: count }, (_, i) => `t${i}`), 'fused']);
  expect([...parameters.get('p2')!.values]).toEqual([20, 23, 21, 24, 22, 25]);
  expect(['first', 'second'].map((name) => [...parameters.get(name)!.values])).toEqual([[7, 9], [8]]);
});

it('reads those that are named, and leaves matrices as they are stored where that is wanted', async () => {
  const { seen, checkpoint: of } = watched();
  const stored = await readStored(of, sources, new Set(['p5', 'second']));
  expect(seen.reads).toEqual(['t5', 'fused']);
  expect(stored.get('p5')).toMatchObject({ shape: [3, 2], transposed: true });
  expect([...stored.get('p5')!.values]).toEqual([50, 51, 52, 53, 54, 55]);
  expect(stored.get('second')!.transposed).toBeUndefined();
});

it('a factor that ONNX writes beside a matrix is not lost where matrices are left as they are stored', async () => {
  const builder = new GraphBuilder('t5');
  builder.matrix('scaled', { kind: 'constant', tensor: checkpoint.tensors.get('t5')!, shape: [2, 3], transposed: false }, 0, 0.5);
  const { values, shape, transposed } = (await readStored(checkpoint, builder.sources)).get('scaled')!;
  expect([[...values], shape, transposed]).toEqual([[25, 26.5, 25.5, 27, 26, 27.5], [3, 2], undefined]);
});

it('fails with the first that cannot be read, and with nothing left unhandled', async () => {
  await expect(readSources(watched('t3').checkpoint, sources)).rejects.toThrow('t3 cannot be read');
  await new Promise((done) => setTimeout(done, 20));
});
