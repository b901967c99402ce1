/**
 * `torch.nn.TransformerEncoder` between an embedding and a linear head (checkpoints.md §3). Its state dict says neither whether norms stand before
 * or after the branches, nor the activation, nor whether a mask hides what comes: these are choices. What is outside the stack is known by its names.
 */
import type { Checkpoint } from '../../checkpoint/types';
import { ATTENTION, decide, type Question } from '../choices';
import { decideActivation, decideHeads, plainHeads, range, recordedCount, recordedNumber } from '../decoder';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout } from '../layout';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const torchEncoder: Architecture = { key: 'torch-encoder', title: 'torch.nn.TransformerEncoder', recognise };

const STACK = /^((?:.*\.)?)layers\.0\.self_attn\.in_proj_weight$/;

const NORM_POSITION: Question = {
  key: 'norm-position',
  options: ['post', 'pre'],
  parse: (word) => ({ post: 'post', pre: 'pre', false: 'post', true: 'pre' })[word] ?? null,
  recordedAs: ['norm_first'],
};

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const names = [...checkpoint.tensors.keys()];
  const stacks = names.flatMap((name) => STACK.exec(name)?.[1] ?? []);
  if (stacks.length === 0) return { missing: "'layers.0.self_attn.in_proj_weight' is missing", matched: 0 };
  if (stacks.length > 1) return { missing: `there are ${stacks.length} stacks of layers (${stacks.map((s) => `'${s}'`).join(', ')}); one was expected`, matched: 0.5 };
  const stack = stacks[0]!;
  const layout = new Layout(checkpoint);
  const [, width] = layout.shape(`${stack}layers.0.self_attn.in_proj_weight`, [null, null]) as [number, number];
  const surroundings = around(checkpoint, names.filter((name) => !new RegExp(`^(layers\\.\\d+|norm)\\.`).test(name.slice(stack.length)) || !name.startsWith(stack)), width);
  if (typeof surroundings === 'string') return { missing: surroundings, matched: 0.9 };
  const { embedding, positions, head } = surroundings;

  const [vocabulary] = layout.stored(embedding, [null, width]) as [number];
  const context = positions === null ? null : checkpoint.tensors.get(positions)!.shape.at(-2)!;
  if (positions !== null) layout.reshaped(positions, checkpoint.tensors.get(positions)!.shape.length === 3 ? [1, context, width] : [context, width], [context!, width]);
  const activation = await decideActivation(checkpoint, choices, [], 'relu', 'torch.nn.TransformerEncoderLayer');
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${stack}layers.${i}.self_attn.in_proj_weight`); i++) {
    const prefix = `${stack}layers.${i}`;
    const third = (part: string, at: number) =>
      layout.part(`${prefix}.self_attn`, part, range(at * width, width), width, 3 * width, 0, `${prefix}.self_attn.in_proj_weight`);
    const [hidden] = layout.shape(`${prefix}.linear1.weight`, [null, width]) as [number];
    blocks.push({
      query: third('q', 0), key: third('k', 1), value: third('v', 2),
      output: layout.linear(`${prefix}.self_attn.out_proj`, width, width),
      attentionNorm: layout.norm(`${prefix}.norm1`, width),
      mlpNorm: layout.norm(`${prefix}.norm2`, width),
      mlp: layout.mlp(`${prefix}.linear1`, `${prefix}.linear2`, width, hidden, activation.value),
      parallel: false,
      mask: null,
    });
    if (layout.has(`${prefix}.multihead_attn.in_proj_weight`)) layout.fail(`'${prefix}.multihead_attn.in_proj_weight' attends to another sequence, which is not computed here`);
  }
  const outputs = head === null ? 0 : checkpoint.tensors.get(`${head}.weight`)!.shape[0]!;
  const tied = head !== null && checkpoint.shared.some((group) => group.includes(`${head}.weight`) && group.includes(embedding));
  const finalNorm = layout.has(`${stack}norm.weight`) ? layout.norm(`${stack}norm`, width) : null;
  const unembedding: Transformer['unembedding'] =
    head === null ? null : tied ? { layer: head, weight: embedding, bias: layout.vector(`${head}.bias`, outputs), outputs, inputAxis: 1 } : { ...layout.linear(head, width, outputs), outputs, inputAxis: 0 };
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const normPosition = await decide(checkpoint, choices, NORM_POSITION, () => ({
    value: 'post',
    evidence: "tensors do not say where the norms stand: after each branch is assumed, torch's default (norm_first = False)",
  }));
  const attention = await decide(checkpoint, choices, ATTENTION, () => ({ value: 'bidirectional', evidence: 'tensors do not say whether a mask is used: none is assumed' }));
  const heads = await decideHeads(checkpoint, choices, width);
  const transformer: Transformer = {
    width, ...plainHeads(heads, width),
    normalization: 'layer-norm',
    epsilon: recordedNumber(checkpoint, ['layer_norm_eps'], 1e-5),
    causal: attention.value === 'causal',
    postNorm: normPosition.value === 'post',
    embedding: { name: embedding, layer: embedding.replace(/\.weight$/, ''), vocabulary },
    positions: positions === null ? null : { name: positions, context: context! },
    blocks, finalNorm, unembedding,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'torch-encoder',
      title: 'torch TransformerEncoder',
      evidence: [
        `${blocks.length} × ${stack}layers.i.{self_attn.in_proj_weight, linear1, linear2, norm1, norm2} have the shapes of torch.nn.TransformerEncoder`,
        `by their names, '${embedding}' embeds the tokens${positions === null ? ', without positions' : ` and '${positions}' their positions`}, without scale`,
        head === null ? 'no linear map behind the stack: the output is the last hidden states' : `'${head}' reads every position${tied ? ', tied' : ''}`,
      ],
      transforms: ['in_proj_weight [3, heads, d_head] is read as q, k and v, each [d_model, heads · d_head]', 'matrices [out, in] are read transposed'],
      choices: [heads, activation, normPosition, attention],
      context: context ?? recordedCount(checkpoint, ['max_len', 'block_size', 'context'], 512),
      transformer,
      sources: layout.sources,
      buffer: (name) => (tied && name === `${head}.weight` ? `the same as ${embedding}` : null),
    }),
  };
}

interface Surroundings {
  readonly embedding: string;
  readonly positions: string | null;
  /** Layer of the linear map behind the stack. */
  readonly head: string | null;
}

/** What stands before and behind the stack, by names and shapes; or why that is not known. */
function around({ tensors }: Checkpoint, names: readonly string[], width: number): Surroundings | string {
  const fixed = names.find((name) => /(^|\.)pe$/.test(name));
  if (fixed) return `'${fixed}' is a table of fixed positions, whose place is not known here`;
  const shape = (name: string) => tensors.get(name)!.shape;
  const isTable = (name: string) => shape(name).at(-1) === width && (shape(name).length === 2 || (shape(name).length === 3 && shape(name)[0] === 1));
  const positions = names.filter((name) => /pos|wpe/i.test(name) && isTable(name));
  const embeddings = names.filter((name) => /emb|wte/i.test(name) && shape(name).length === 2 && isTable(name) && !positions.includes(name));
  const rest = names.filter((name) => !positions.includes(name) && !embeddings.includes(name));
  const heads = rest.filter((name) => name.endsWith('.weight') && shape(name).length === 2 && isTable(name)).map((name) => name.slice(0, -'.weight'.length));
  const odd = rest.find((name) => !heads.some((head) => name === `${head}.weight` || (name === `${head}.bias` && shape(name).length === 1)));
  if (embeddings.length === 0) return `there is no embedding table [·, ${width}] before the stack of layers, and stacks that read vectors are not run here`;
  const many = [positions, embeddings, heads].find((found) => found.length > 1);
  if (many) return `${many.map((name) => `'${name}'`).join(' and ')} could have the same role`;
  if (odd !== undefined) return `what '${odd}' does outside the stack of layers is not known`;
  return { embedding: embeddings[0]!, positions: positions[0] ?? null, head: heads[0] ?? null };
}
