/**
 * What Gemma 2 and Gemma 3 have beside Llama's anatomy and Gemma's norms, as their configs tell it: norms before and behind each branch, scores of a scale of
 * their own, soft caps, and layers that alternate between a window and the whole context, in Gemma 3 with rotary positions of their own.
 */
import type { Checkpoint } from '../checkpoint/types';
import { recorded } from './choices';
import { recordedCount, recordedNumber } from './decoder';
import type { RotaryPositions } from './layers/rotary';
import type { Transformer, TransformerBlock } from './layers/transformer';
import { readRotary } from './rotary-scaling';

export interface GemmaAttention {
  readonly shared: Pick<Transformer, 'rotary' | 'scoreScale' | 'scoreCap' | 'logitCap'>;
  /** Of a layer. */
  block(i: number): Pick<TransformerBlock, 'window' | 'rotary'>;
  readonly evidence: readonly string[];
}

/** Of Gemma 2 (transformers' configuration_gemma2.py) and of Gemma 3; the config says what differs from them. */
const USUAL = {
  gemma2: { every: 2, logitCap: 30, scoreCap: 50 },
  gemma3_text: { every: 6, logitCap: null, scoreCap: null },
} as const;

/** What the config of such a model says, or the sentence that says what is missing or not computed. */
export function readGemma(checkpoint: Checkpoint, headWidth: number, blocks: number): GemmaAttention | string {
  const type = recorded(checkpoint, ['model_type'])?.value;
  if (type !== 'gemma2' && type !== 'gemma3_text') {
    return "norms stand before and behind each branch, as in Gemma 2 and 3: only config.json says their windows, caps and rotary bases. Drop it with the weights";
  }
  const usual = USUAL[type];
  const cap = (key: string, otherwise: number | null): number | undefined => {
    const value = recorded(checkpoint, [key])?.value;
    const number = value === undefined ? otherwise : Number(value);
    return number !== null && number > 0 ? number : undefined;
  };
  const [logitCap, scoreCap] = [cap('final_logit_softcapping', usual.logitCap), cap('attn_logit_softcapping', usual.scoreCap)];
  // Its library reads the setting and does not use it.
  if (type === 'gemma3_text' && scoreCap !== undefined) return `attn_logit_softcapping = ${scoreCap}: capped scores are not computed for Gemma 3`;
  const scalar = recordedNumber(checkpoint, ['query_pre_attn_scalar'], 256);
  const width = recordedCount(checkpoint, ['sliding_window'], 4096);
  const every = recordedCount(checkpoint, ['sliding_window_pattern'], usual.every);
  const local = Array.from({ length: blocks }, (_, i) => {
    const said = recorded(checkpoint, [`layer_types.${i}`])?.value;
    return said === undefined ? (i + 1) % every !== 0 : said === 'sliding_attention';
  });
  const global = readRotary(checkpoint, headWidth, 1, type === 'gemma3_text' ? { layers: 'full_attention', keys: ['rope_theta'], base: 1_000_000 } : undefined);
  if (typeof global === 'string') return global;
  let near: RotaryPositions | null = null;
  if (type === 'gemma3_text') {
    const found = readRotary(checkpoint, headWidth, 1, { layers: 'sliding_attention', keys: ['rope_local_base_freq'], base: 10_000 });
    if (typeof found === 'string') return found;
    near = found.positions;
  }
  const windows = local.filter((is) => is).length;
  return {
    shared: { rotary: global.positions, scoreScale: 1 / Math.sqrt(scalar), ...(scoreCap !== undefined && { scoreCap }), ...(logitCap !== undefined && { logitCap }) },
    block: (i) => (local[i] ? { window: width, ...(near && { rotary: near }) } : {}),
    evidence: [
      'norms stand before and behind each branch',
      `${windows} of ${blocks} layers see the last ${width} positions${near ? ', with rotary positions of their own' : ''}; the others see all`,
      `scores are divided by the root of ${scalar}${scoreCap === undefined ? '' : ` and softly capped at ${scoreCap}`}${logitCap === undefined ? '' : `; logits are softly capped at ${logitCap}`}`,
      ...global.evidence,
    ],
  };
}
