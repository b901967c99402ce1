/** The tensors of a Llama of any size, by the names of transformers' LlamaForCausalLM. */
import { Random } from '../../src/base/random';
import type { SparseTensor } from './sparse-file';

export interface LlamaSize {
  blocks: number;
  width: number;
  hidden: number;
  /** Width of keys and values. */
  keys: number;
  vocabulary: number;
}

/** Of the shapes of one block, in the order of the file. */
function blockShapes({ width, hidden, keys }: LlamaSize): [string, number[]][] {
  return [
    ['input_layernorm', [width]],
    ['self_attn.q_proj', [width, width]],
    ['self_attn.k_proj', [keys, width]],
    ['self_attn.v_proj', [keys, width]],
    ['self_attn.o_proj', [width, width]],
    ['post_attention_layernorm', [width]],
    ['mlp.gate_proj', [hidden, width]],
    ['mlp.up_proj', [hidden, width]],
    ['mlp.down_proj', [width, hidden]],
  ];
}

/** All tensors in bfloat16, holes as they are. */
export function llamaTensors(size: LlamaSize): Map<string, SparseTensor> {
  const { blocks, width, vocabulary } = size;
  const tensor = (name: string, shape: number[]): [string, SparseTensor] => [`${name}.weight`, { dtype: 'BF16', shape }];
  return new Map([
    tensor('model.embed_tokens', [vocabulary, width]),
    ...Array.from({ length: blocks }, (_, i) => blockShapes(size).map(([name, shape]) => tensor(`model.layers.${i}.${name}`, shape))).flat(),
    tensor('model.norm', [width]),
    tensor('lm_head', [vocabulary, width]),
  ]);
}

/** With values: norms of ones, and matrices of normal numbers over the root of the width. Each begins elsewhere in one sequence. */
export function filled(tensors: ReadonlyMap<string, SparseTensor>, { width }: LlamaSize): Map<string, SparseTensor> {
  const sizes = Array.from(tensors.values(), ({ shape }) => shape.reduce((a, b) => a * b, 1));
  const length = Math.max(...sizes) + tensors.size;
  const normals = bfloats(Float32Array.from(new Random(0).normals(length), (x) => x / Math.sqrt(width)));
  const ones = bfloats(new Float32Array(width).fill(1));
  return new Map(
    Array.from(tensors, ([name, tensor], i) => {
      const words = tensor.shape.length === 1 ? ones : normals.subarray(i, i + sizes[i]!);
      return [name, { ...tensor, bytes: new Uint8Array(words.buffer, words.byteOffset, words.byteLength) }];
    }),
  );
}

function bfloats(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
}
