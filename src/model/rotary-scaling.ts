/**
 * Rotary positions as config.json describes them, in the spelling of transformers 5 (rope_parameters) and before (rope_theta and rope_scaling), by
 * the formulas of its modeling_rope_utils.py.
 */
import { log } from '../base/elementary';
import type { Checkpoint } from '../checkpoint/types';
import { recorded } from './choices';
import { recordedNumber } from './decoder';
import { rotaryFrequencies, rotaryHalves, type LongFrequencies, type RotaryPositions } from './layers/rotary';

export interface ReadRotary {
  /** Null where no dim is rotated. */
  readonly positions: RotaryPositions | null;
  /** For people; empty where nothing is out of the ordinary. */
  readonly evidence: readonly string[];
}

/** Where kinds of layers have rotary positions of their own: which of them, and where old configs have their base; `rope_scaling` is that of full attention. */
export interface LayerRotary {
  readonly layers: 'full_attention' | 'sliding_attention';
  readonly keys: readonly string[];
  readonly base: number;
}

/** What the file says, or the sentence that says what is not computed. @param part the part of a head that is rotated where nothing says so */
export function readRotary(checkpoint: Checkpoint, headWidth: number, part: number, own?: LayerRotary): ReadRotary | string {
  const nested = [...checkpoint.metadata.keys()].find((path) => /(^|\.)rope_parameters\.\w+\.rope_type$/.test(path));
  if (nested !== undefined && !own) return `${nested}: rotary positions that differ between layers are not computed here`;
  const either = (key: string): string[] => {
    if (own && nested !== undefined) return [`rope_parameters.${own.layers}.${key}`];
    return own?.layers === 'sliding_attention' ? [] : [`rope_parameters.${key}`, `rope_scaling.${key}`];
  };
  const base = recordedNumber(checkpoint, nested === undefined ? (own?.keys ?? ['rope_theta', 'rotary_emb_base']) : either('rope_theta'), own?.base ?? 10_000);
  const share = recordedNumber(checkpoint, ['rotary_pct', 'partial_rotary_factor'], part);
  if (share > 1) return `rotary positions on ${share} times the dims of a head: at most all of them can be rotated`;
  const rotated = 2 * Math.floor(Math.trunc(headWidth * share) / 2);
  if (rotated === 0) return { positions: null, evidence: [] };
  const evidence = rotated === headWidth ? [] : [`rotary positions on ${rotated} of ${headWidth} dims`];
  const plain = rotaryFrequencies(rotated, base);
  const found = recorded(checkpoint, [...either('rope_type'), ...either('type')]);
  const kind = found?.value ?? 'default';
  // Beyond the positions that the model was made for, dynamic positions would scale the base: no input is that long.
  if (kind === 'default' || kind === 'dynamic') return { positions: rotaryHalves(plain), evidence };
  const scaling = SCALINGS.get(kind);
  if (!scaling) return `${found!.path} = ${kind}: rotary positions scaled this way are not computed here (${[...SCALINGS.keys()].join(', ')} are)`;
  const setting: Setting = Object.assign((key: string, usual?: number) => recordedNumber(checkpoint, either(key), usual ?? NaN), { word: (key: string) => recorded(checkpoint, either(key))?.value });
  const { frequencies, amplitude = 1, long } = scaling(plain, base, setting, checkpoint);
  if (![...frequencies, ...(long?.frequencies ?? []), amplitude].every(Number.isFinite)) return `${found!.path} = ${kind}: a number that it needs is missing beside it in config.json`;
  return { positions: rotaryHalves(frequencies, amplitude, long), evidence: [...evidence, `rotary positions are scaled: ${found!.path} = ${kind}`] };
}

/** A positive number of the scaling by its key; NaN where it is missing and nothing is usual. */
interface Setting {
  (key: string, usual?: number): number;
  word(key: string): string | undefined;
}
type Scaling = (plain: Float64Array, base: number, setting: Setting, checkpoint: Checkpoint) => { frequencies: Float64Array; amplitude?: number; long?: LongFrequencies };

const SCALINGS: ReadonlyMap<string, Scaling> = new Map<string, Scaling>([
  ['linear', (plain, _, setting) => ({ frequencies: plain.map((f) => f / setting('factor')) })],
  ['llama3', llama3],
  ['yarn', yarn],
  ['longrope', longrope],
  // Its first name, in configs of Phi-3.
  ['su', longrope],
]);

/** Positions of the first training; beside the scaling too, as in Phi-3, where it goes before. */
function original(checkpoint: Checkpoint, setting: Setting): number {
  const context = recordedNumber(checkpoint, ['max_position_embeddings'], NaN);
  return recordedNumber(checkpoint, ['config.original_max_position_embeddings'], setting('original_max_position_embeddings', context));
}

/** Long waves are stretched by the factor, short ones stay, and those between are mixed (Llama 3.1). */
function llama3(plain: Float64Array, _: number, setting: Setting, checkpoint: Checkpoint) {
  const context = original(checkpoint, setting);
  const [factor, low, high] = [setting('factor'), setting('low_freq_factor'), setting('high_freq_factor')];
  const stretched = (f: number): number => {
    const wave = (2 * Math.PI) / f;
    if (wave > context / low) return f / factor;
    if (wave < context / high) return f;
    const smooth = (context / wave - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  };
  return { frequencies: plain.map((f) => (Number.isFinite(context + factor + low + high) ? stretched(f) : NaN)) };
}

/** YaRN (Peng et al. 2023): a ramp over the pairs between stretched and unchanged, and larger cosines and sines. */
function yarn(plain: Float64Array, base: number, setting: Setting, checkpoint: Checkpoint) {
  const rotated = 2 * plain.length;
  const context = original(checkpoint, setting);
  const factor = setting('factor', recordedNumber(checkpoint, ['max_position_embeddings'], NaN) / context);
  const magnitude = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1);
  const [mscale, mscaleAll] = [setting('mscale'), setting('mscale_all_dim')];
  const amplitude = setting('attention_factor', Number.isFinite(mscale + mscaleAll) ? magnitude(mscale) / magnitude(mscaleAll) : magnitude(1));
  /** The pair that makes this many turns over the context. */
  const pairOf = (turns: number) => (rotated * log(context / (turns * 2 * Math.PI))) / (2 * log(base));
  const whole = setting.word('truncate') !== 'false';
  const [low, high] = [pairOf(setting('beta_fast', 32)), pairOf(setting('beta_slow', 1))];
  const begin = Math.max(whole ? Math.floor(low) : low, 0);
  const end = Math.min(whole ? Math.ceil(high) : high, rotated - 1);
  const length = end === begin ? 0.001 : end - begin;
  const frequencies = plain.map((f, i) => {
    const kept = 1 - Math.min(1, Math.max(0, (i - begin) / length));
    return (f / factor) * (1 - kept) + f * kept;
  });
  return { frequencies, amplitude };
}

/** LongRoPE (Ding et al. 2024): a factor for each pair, others for inputs longer than those of the first training, and larger cosines and sines. */
function longrope(plain: Float64Array, _: number, setting: Setting, checkpoint: Checkpoint) {
  const context = original(checkpoint, setting);
  const factor = setting('factor', recordedNumber(checkpoint, ['max_position_embeddings'], NaN) / context);
  const amplitude = setting('attention_factor', factor <= 1 ? 1 : Math.sqrt(1 + log(factor) / log(context)));
  const scaled = (list: string) => plain.map((f, i) => f / setting(`${list}.${i}`));
  return { frequencies: scaled('short_factor'), amplitude, long: { beyond: context, frequencies: scaled('long_factor') } };
}
