/** Networks of libraries with a setting or a tensor that is odd: a model that runs, or a sentence. */
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors';
import { Random } from '../../src/base/random';
import type { Json } from '../../src/checkpoint/strict-json';
import type { Checkpoint, TensorEntry } from '../../src/checkpoint/types';
import { recogniseModel } from '../../src/model/recognise';
import type { Model } from '../../src/model/types';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { ADAPTED, CONVOLUTIONS, FAMILIES, familyCheckpoint } from './family-files';
import { fixture } from './fixture';
import { APPLICATIONS, KERAS } from './keras-files';

const LENS = ['tl-ln.pt', 'tl-folded.safetensors', 'tl-rms-gated-rotary-gqa.pt', 'tl-attn-only.pt', 'tl-bidirectional.pt'];

/** A setting by its value, and a tensor by its shape; null takes either away. */
interface Change {
  readonly settings?: Readonly<Record<string, string | null>>;
  readonly tensors?: Readonly<Record<string, readonly number[] | null>>;
}

function changed(checkpoint: Checkpoint, { settings = {}, tensors = {} }: Change): Checkpoint {
  const entry = (name: string, shape: readonly number[]): TensorEntry => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.cos(i));
    return { name, dtype: 'f32', shape, file: checkpoint.name, values: async () => values, bytes: async () => new Uint8Array(values.buffer) };
  };
  const edited = <V, W>(map: ReadonlyMap<string, V>, changes: Readonly<Record<string, W | null>>, made: (name: string, change: W) => V): Map<string, V> =>
    new Map([...[...map].filter(([name]) => !(name in changes)), ...Object.entries(changes).flatMap(([name, change]) => (change === null ? [] : [[name, made(name, change)] as const]))]);
  return { ...checkpoint, metadata: edited(checkpoint.metadata, settings, (_, value) => value), tensors: edited(checkpoint.tensors, tensors, entry) };
}

/** Two samples, and what is free in it; nothing where it would be large. */
async function run(model: Model): Promise<void> {
  const { input } = model;
  if (input.kind === 'vector' && input.width > 3000) return;
  const positions = input.kind === 'tokens' ? Math.min(4, input.context) : 1;
  const batch = input.kind === 'tokens' ? ({ kind: 'tokens', ids: new Int32Array(2 * positions), samples: 2, positions } as const) : ({ kind: 'vector', values: new Float64Array(2 * input.width), samples: 2, width: input.width } as const);
  const ops = cpuOps();
  const parameters = await model.parameters();
  const weights = new Map([...parameters].map(([name, { values, shape }]) => [name, ops.constant(values, shape)]));
  model.symmetries();
  model.forward(ops, (name) => weights.get(name)!, batch, () => {});
}

/** The sentence that refuses it; null where it runs. */
async function refusal(checkpoint: Checkpoint): Promise<string | null> {
  try {
    const found = await recogniseModel(checkpoint, {});
    if (!found.model) return found.sentence;
    await run(found.model);
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
}

describe('one that is odd', () => {
  const rotary = () => fixture('references/tl-rms-gated-rotary-gqa.pt');
  const sines = 'blocks.0.attn.rotary_sin';
  it.each<[string, () => Promise<Checkpoint>, Change, RegExp | null]>([
    ['an empty matrix', () => familyCheckpoint('phi3'), { tensors: { 'model.layers.0.self_attn.o_proj.weight': [8, 0] } }, /'model\.layers\.0\.self_attn\.o_proj\.weight' has shape \[8, 0\]; .* was expected, and no size of 0/],
    ['no vocabulary', () => familyCheckpoint('llama'), { tensors: { 'model.embed_tokens.weight': [0, 8] } }, /'model\.embed_tokens\.weight' has shape \[0, 8\]/],
    ['a part of a position', () => familyCheckpoint('gpt-neox'), { settings: { 'config.max_position_embeddings': '0.5' } }, null],
    ['a part of a window', () => familyCheckpoint('mistral'), { settings: { 'config.sliding_window': '0.5' } }, null],
    ['more rotary dims than a head has', () => familyCheckpoint('gpt-neox'), { settings: { 'config.rope_parameters.partial_rotary_factor': '3' } }, /rotary positions on 3 times the dims of a head: at most all of them can be rotated/],
    ['cosines without sines', rotary, { tensors: { [sines]: null } }, /'blocks\.0\.attn\.rotary_sin' is missing/],
    ['sines of another shape', rotary, { tensors: { [sines]: [2, 2] } }, /'blocks\.0\.attn\.rotary_sin' has shape \[2, 2\]/],
    ['a last norm of another width', () => fixture('references/tl-ln.pt'), { tensors: { 'ln_final.w': [5] } }, /'ln_final\.w' has shape \[5\]; \[16\] was expected/],
    ['a bias of another width', () => fixture('references/tl-ln.pt'), { tensors: { 'unembed.b_U': [5] } }, /'unembed\.b_U' has shape \[5\]; \[20\] was expected/],
  ])('%s', async (_, sound, change, expected) => {
    const said = await refusal(changed(await sound(), change));
    if (expected === null) expect(said).toBeNull();
    else expect(said).toMatch(expected);
  });
});

describe('many', () => {
  const sound: Checkpoint[] = [];
  beforeAll(async () => {
    for (const { path } of [...FAMILIES, ...ADAPTED, ...CONVOLUTIONS]) sound.push(await familyCheckpoint(path));
    for (const path of LENS) sound.push(await fixture(`references/${path}`));
  });

  it('1,000 of them', async () => {
    const random = new Random(78);
    const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
    let sentences = 0;
    for (let i = 0; i < 1000; i++) {
      const checkpoint = pick(sound);
      const settings: Record<string, string | null> = {};
      const tensors: Record<string, readonly number[] | null> = {};
      const keys = [...checkpoint.metadata.keys()];
      for (let edits = 1 + random.integer(2); edits > 0; edits--) {
        const { name, shape } = pick([...checkpoint.tensors.values()]);
        const kind = random.integer(4);
        if (kind < 2 && keys.length > 0) settings[pick(keys)] = pick([null, '0', '-1', 'null', 'true', 'false', '1e308', 'NaN', '0.5', '3', '1', 'x', '', '99999999999']);
        else if (kind === 2) tensors[name] = null;
        else tensors[name] = pick([[], [2, 2], shape.toReversed(), shape.map((size, axis) => (axis === 0 ? pick([0, 1, 3, 5]) : size)), shape.map((size, axis) => (axis === shape.length - 1 ? pick([0, 1, 3, 5]) : size))]);
      }
      if ((await refusal(changed(checkpoint, { settings, tensors }))) !== null) sentences++;
    }
    expect(sentences).toBeGreaterThan(200);
  });
});

/** A copy of it with so many of its values changed. */
function mutant(config: Json, edits: number, random: Random): Json {
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const copy = (value: Json): Json => (value instanceof Map ? new Map([...value].map(([key, inner]) => [key, copy(inner)])) : Array.isArray(value) ? value.map(copy) : value);
  const places = (value: Json): ((other: Json) => void)[] => {
    if (value instanceof Map) return [...value].flatMap(([key, inner]) => [(other: Json) => void value.set(key, other), ...places(inner)]);
    return Array.isArray(value) ? value.flatMap((inner, i) => [(other: Json) => void (value[i] = other), ...places(inner)]) : [];
  };
  const changed = copy(config);
  for (; edits > 0; edits--) pick(places(changed))(pick<Json>([null, 0, -1, 2, 0.5, 1e18, 2 ** 40, 'x', '', 'same', 'relu', true, [], [1, 2], [0, 0], [1, 1, 1], new Map()]));
  return changed;
}

it('500 models of Keras whose configs are odd', async () => {
  const sound: Checkpoint[] = [];
  for (const { files } of KERAS) sound.push(await fixture(`keras/${files[0]}`));
  for (const { files } of APPLICATIONS) sound.push(await fixture(`applications/${files[0]}`));
  const random = new Random(83);
  let sentences = 0;
  for (let i = 0; i < 500; i++) {
    const checkpoint = sound[random.integer(sound.length)]!;
    const { program } = checkpoint;
    if (program?.kind !== 'keras') throw new Error('no model of Keras');
    if ((await refusal({ ...checkpoint, program: { ...program, config: mutant(program.config, 1 + random.integer(3), random) } })) !== null) sentences++;
  }
  expect(sentences).toBeGreaterThan(50);
});
