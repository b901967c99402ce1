/** Files that are larger than memory should have to be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { Session } from '../../src/analysis/session';
import { Random } from '../../src/base/random';
import { openFiles } from '../../src/checkpoint/open';
import type { ByteSource } from '../../src/checkpoint/types';
import { fileSource } from '../../src/cli/file-source';
import { stageSizes } from '../../src/model/stages';
import { recogniseModel } from '../../src/model/recognise';
import { filled, llamaTensors } from './llama-tensors';
import { measured } from './measured';
import { writeSparse, type SparseTensor } from './sparse-file';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts what is read of a file. */
async function counted(path: string): Promise<{ source: ByteSource; bytes(): number }> {
  const source = await fileSource(path, basename(path));
  let bytes = 0;
  const read = (begin: number, end: number) => {
    bytes += end - begin;
    return source.read(begin, end);
  };
  const readInto = (begin: number, into: Uint8Array) => {
    bytes += into.length;
    return source.readInto!(begin, into);
  };
  return { source: { ...source, read, readInto }, bytes: () => bytes };
}

describe('5 GiB of tensors of 64 MiB', () => {
  // A square is the worst of all shapes: its Gram is as large as itself, and pairs of float64 numbers take four times as much.
  const shapes = { tall: [131072, 128], square: [4096, 4096] };
  const path = join(folder, 'five.safetensors');
  const size = 2 ** 24;
  const bytes = new Uint8Array(Float32Array.from(new Random(0).normals(size)).buffer);
  const tensors = Array.from({ length: 80 }, (_, i): [string, SparseTensor] => {
    const shape = i % 2 ? shapes.tall : shapes.square;
    return [`part.${i}`, { dtype: 'F32', shape, ...((i === 40 || i === 41) && { bytes }) }];
  });
  const file = writeSparse(path, new Map(tensors));
  // Some file systems have no holes: 5 GiB are not written for a test.
  const sparse = file.onDisk < 2 ** 28;
  if (!sparse) rmSync(path);

  it.skipIf(!sparse)('is listed from its header and its edges', async () => {
    expect(file.size).toBeGreaterThan(5 * 2 ** 30);
    const { source, bytes } = await counted(path);
    const { checkpoints } = await new Session().open([source]);
    expect(checkpoints[0]!.checkpoint.tensorCount).toBe(80);
    expect(bytes()).toBeLessThan(2 ** 18);
  });

  it.skipIf(!sparse).each([
    ['tall', 'part.41', 128],
    ['square', 'part.40', 4096],
  ] as const)('is analysed in one %s tensor within three times that tensor and 150 MB, the program included', async (_, name, side) => {
    const run = await measured('analyze', path, '--layers', name);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(new RegExp(`^${name.replace('.', '\\.')} +weight +${side} +1 +${side} +0 `, 'm'));
    expect(run.peak * 2 ** 20).toBeLessThan(3 * 4 * size + 150e6);
  }, 900_000);
});

describe('13 GB of a sharded Llama on a machine with 8 GiB', () => {
  const size = { blocks: 52, width: 2048, hidden: 17408, keys: 2048, vocabulary: 32000 };
  const all = [...llamaTensors(size)];
  const names = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);
  const shards = names.map((_, i) => all.slice(Math.floor((i * all.length) / 3), Math.floor(((i + 1) * all.length) / 3)));
  const files = shards.map((shard, i) => writeSparse(join(folder, names[i]!), new Map(shard)));
  const sparse = files.every(({ onDisk }) => onDisk < 2 ** 26);
  const index = join(folder, 'model.safetensors.index.json');
  writeFileSync(index, JSON.stringify({ weight_map: Object.fromEntries(shards.flatMap((shard, i) => shard.map(([name]) => [name, names[i]]))) }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'llama', num_attention_heads: 16, max_position_embeddings: 64 }));
  const sources = () => Promise.all([...names.map((name) => join(folder, name)), index, join(folder, 'config.json')].map(counted));

  it.skipIf(!sparse)('opens from its headers, says what it will take, and reads one block of it alone', async () => {
    expect(files.reduce((sum, file) => sum + file.size, 0)).toBeGreaterThan(13e9);
    const opened = await sources();
    const bytes = () => opened.reduce((sum, file) => sum + file.bytes(), 0);
    const session = new Session(8 * 2 ** 30);
    const { checkpoints } = await session.open(opened.map(({ source }) => source));
    expect(checkpoints[0]).toMatchObject({ model: { architecture: 'llama' }, memory: { route: 'streamed' } });
    const { memory } = await session.inspect(checkpoints[0]!.id, { samples: 16 }, null);
    expect(memory!.reason).toMatch(/^As a whole it would take about [\d.]+ GB, and may take 4\.3 GB: it is read and run part by part, in about [23]\.\d GB\.$/);

    const before = bytes();
    // Headers, the edges of the files, and the 105 norms, at both calls.
    expect(before).toBeLessThan(2 ** 21);
    const verdict = await recogniseModel((await openFiles(opened.map(({ source }) => source))).checkpoints[0]!, {});
    const model = verdict.model!;
    const stages = stageSizes(model.staged!, { kind: 'tokens', ids: new Int32Array(2), samples: 1, positions: 2 });
    const block = new Set(stages.filter(({ stage }) => stage.name.startsWith('block 16,')).flatMap((stage) => [...stage.parameters]));
    const recognised = bytes();
    const parameters = await model.stored!(block);
    expect([...parameters.keys()].every((name) => name.startsWith('model.layers.16.'))).toBe(true);
    expect(parameters.size).toBe(9);
    const { width, hidden } = size;
    expect(bytes() - recognised).toBe(2 * (4 * width ** 2 + 3 * width * hidden + 2 * width));
  });
});

describe('a Llama of 32 blocks, several times as large as the memory that it is read in', () => {
  it('stays within the stated peak', async () => {
    const size = { blocks: 32, width: 768, hidden: 2048, keys: 192, vocabulary: 512 };
    const path = join(folder, 'llama.safetensors');
    const small = join(folder, 'small.safetensors');
    writeSparse(path, filled(llamaTensors(size), size));
    const little = { ...size, blocks: 1, width: 48, hidden: 64, keys: 12, vocabulary: 16 };
    writeSparse(small, filled(llamaTensors(little), little));
    const words = ['--choice', 'heads=12', '--samples', '1', '--positions', '8', '--layers', '*.self_attn.k_proj', '--json'];
    // What the program itself holds, with all of it loaded and used once.
    const idle = await measured('analyze', small, ...words);
    words[words.indexOf('*.self_attn.k_proj')] = '*.16.self_attn.k_proj';
    const run = await measured('analyze', path, ...words, '--memory', '0.31');
    const { provenance, spectra, model } = Report.parse(JSON.parse(run.out));
    expect(spectra.map(({ tap, rank }) => [tap.side, rank])).toEqual([['activation', 8], ['gradient', 8]]);
    const { route, needs } = provenance.memory!;
    expect(route).toBe('streamed');
    expect(needs).toBeLessThan(0.31e9);
    expect((run.peak - idle.peak) * 2 ** 20).toBeLessThan(needs);
    expect(8 * model.parameters).toBeGreaterThan(5 * needs);
    rmSync(path);
  }, 300_000);
});
