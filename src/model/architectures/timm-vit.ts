/**
 * ViT as timm saves it: query, key and value in one matrix [3, heads, d_head], LayerScale and registers where there are some, a class token, with DeiT's
 * token of distillation behind it or not, or the mean of all patches (checkpoints.md §3).
 */
import type { Checkpoint } from '../../checkpoint/types';
import { decide, plainQuestion, recorded } from '../choices';
import { decideActivation, decideHeads, plainHeads, range, unsupported } from '../decoder';
import { tokenCount } from '../layers/stem';
import type { NormTensors } from '../layers/dense';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { describePatches, patchStem } from '../patches';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const timmVit: Architecture = { key: 'timm-vit', title: 'ViT (timm)', recognise };

/** Norms of timm's vision transformers. */
const EPSILON = 1e-6;

const POOLING = plainQuestion('pooling', ['token', 'avg'], ['global_pool']);

/** What other members of the family have besides. */
const OTHERS: readonly [RegExp, string][] = [
  [/^(norm_pre|patch_embed\.norm)\./, 'normalises the embeddings'],
  [/\.attn\.norm\.|\.mlp\.norm\./, 'normalises inside a branch'],
  [/^attn_pool\./, 'pools by attention'],
];

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const placeless = recorded(checkpoint, ['no_embed_class']);
  const placed = placeless ? { placed: placeless.value !== 'true' } : {};
  const stemNames = { convolution: 'patch_embed.proj', tokens: ['cls_token', 'dist_token', 'reg_token'], positions: 'pos_embed', ...placed };
  const anchors = ['patch_embed.proj.weight', 'pos_embed', 'blocks.0.attn.qkv.weight', 'blocks.0.mlp.fc1.weight'];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  for (const name of checkpoint.tensors.keys()) {
    const other = OTHERS.find(([pattern]) => pattern.test(name));
    if (other) layout.fail(`'${name}' ${other[1]}, which is not computed here`);
  }
  const stem = patchStem(layout, stemNames);
  const { width } = stem;
  const activation = await decideActivation(checkpoint, choices, [], 'gelu', "timm's ViT");
  const normed = layout.has('blocks.0.attn.q_norm.weight');
  const heads = await decideHeads(checkpoint, choices, width, 'blocks.0.attn.q_norm.weight');
  const headNorm = (layer: string): NormTensors => {
    const found = layout.norm(layer, width / Number(heads.value));
    if (found.scale === null || found.shift === null) layout.fail(`'${layer}' has no ${found.scale === null ? 'weight' : 'bias'}: norms over queries and keys are computed as LayerNorms with both`);
    return found;
  };
  const blocks: TransformerBlock[] = [];
  let scaled = 0;
  for (let i = 0; layout.has(`blocks.${i}.attn.qkv.weight`); i++) {
    const prefix = `blocks.${i}`;
    const third = (part: string, at: number) => layout.part(`${prefix}.attn.qkv`, part, range(at * width, width), width, 3 * width);
    const [hidden] = layout.shape(`${prefix}.mlp.fc1.weight`, [null, width]) as [number];
    const [attentionScale, mlpScale] = [layout.vector(`${prefix}.ls1.gamma`, width), layout.vector(`${prefix}.ls2.gamma`, width)];
    if (attentionScale !== null) scaled++;
    blocks.push({
      query: third('q', 0), key: third('k', 1), value: third('v', 2),
      output: layout.linear(`${prefix}.attn.proj`, width, width),
      ...(normed && { headNorms: { query: headNorm(`${prefix}.attn.q_norm`), key: headNorm(`${prefix}.attn.k_norm`) } }),
      attentionNorm: layout.norm(`${prefix}.norm1`, width),
      mlpNorm: layout.norm(`${prefix}.norm2`, width),
      mlp: layout.mlp(`${prefix}.mlp.fc1`, `${prefix}.mlp.fc2`, width, hidden, activation.value),
      parallel: false,
      mask: null,
      ...(attentionScale === null ? {} : { attentionScale }),
      ...(mlpScale === null ? {} : { mlpScale }),
    });
  }
  const beforeNorm = layout.has('fc_norm.weight');
  const finalNorm = layout.norm(beforeNorm ? 'fc_norm' : 'norm', width);
  if (finalNorm.scale === null) layout.fail("'norm.weight' is missing");
  const obstacle = unsupported(checkpoint, [{ keys: POOLING.recordedAs, is: (v) => !POOLING.options.includes(v), what: `pooling is computed as ${POOLING.options.join(' or ')} alone` }]);
  if (obstacle) layout.fail(obstacle);
  const unembedding = layout.classifier('head', width);
  const distilled = layout.classifier('head_dist', width);
  if (layout.has('dist_token') && (!unembedding || distilled?.outputs !== unembedding.outputs)) layout.fail("'dist_token' is there, but not both of head and head_dist with as many outputs");
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const pooling = await decide(checkpoint, choices, POOLING, () => {
    const why = beforeNorm ? "'fc_norm' normalises the mean of all patches" : layout.has('cls_token') ? null : 'there is no class token';
    return why === null ? { value: 'token', evidence: 'there is a class token', certain: true } : { value: 'avg', evidence: why, certain: true };
  });
  if (pooling.value === 'token' && !layout.has('cls_token')) return { missing: "'cls_token' is missing, which was to be pooled", matched: 1 };
  const transformer: Transformer = {
    ...stem,
    ...plainHeads(heads, width),
    normalization: 'layer-norm',
    epsilon: EPSILON,
    causal: false,
    blocks, finalNorm,
    ...(pooling.value === 'token' ? { classOnly: true } : { mean: { skip: tokenCount(stem.embedding), beforeNorm } }),
    unembedding,
    distilled,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'timm-vit',
      title: 'timm ViT',
      evidence: [
        `patch_embed.proj, cls_token, pos_embed and ${blocks.length} × blocks.i.attn.qkv have the shapes of timm's ViT`,
        describePatches(stem),
        distilled ? 'the output is the mean of what head reads of the class token and head_dist of the token behind it' : `${unembedding ? 'head reads' : 'no head: the output is'} the ${pooling.value === 'token' ? 'class token' : 'mean of all patches'} ${beforeNorm ? 'behind fc_norm' : 'behind the last norm'}`,
        ...(scaled > 0 ? [`LayerScale in ${scaled} blocks`] : []),
        ...(normed ? ['each query and key is normalised'] : []),
      ],
      transforms: [
        'the convolution of the patches is read as a matrix [channels · patch · patch, d_model]',
        'qkv [3, heads, d_head] is read as q, k and v, each [d_model, heads · d_head]',
        'matrices [out, in] are read transposed',
      ],
      choices: [heads, activation, pooling],
      context: stem.positions.context,
      transformer,
      sources: layout.sources,
      buffer: () => null,
    }),
  };
}
