/** ViT as torchvision saves it: blocks of its EncoderBlock with query, key and value in one matrix, a classifier on the class token (checkpoints.md §3). */
import type { Checkpoint } from '../../checkpoint/types';
import { decideActivation, decideHeads, plainHeads, range } from '../decoder';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { describePatches, patchStem } from '../patches';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const torchvisionVit: Architecture = { key: 'torchvision-vit', title: 'ViT (torchvision)', recognise };

/** Norms of torchvision's vision transformers. */
const EPSILON = 1e-6;

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const at = (i: number, part: string) => `encoder.layers.encoder_layer_${i}.${part}`;
  const stemNames = { convolution: 'conv_proj', tokens: ['class_token'], positions: 'encoder.pos_embedding' };
  const anchors = ['conv_proj.weight', 'class_token', 'encoder.pos_embedding', at(0, 'self_attention.in_proj_weight'), 'encoder.ln.weight'];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  if (layout.has('heads.pre_logits.weight')) layout.fail("'heads.pre_logits.weight' stands between the class token and the head, which is not computed here");
  const stem = patchStem(layout, stemNames);
  const { width } = stem;
  // The MLP is a Sequential; in older files its layers have names.
  const [up, down] = layout.has(at(0, 'mlp.linear_1.weight')) ? ['mlp.linear_1', 'mlp.linear_2'] : ['mlp.0', 'mlp.3'];
  const activation = await decideActivation(checkpoint, choices, [], 'gelu', "torchvision's ViT");
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(at(i, 'self_attention.in_proj_weight')); i++) {
    const attention = at(i, 'self_attention');
    const third = (part: string, begin: number) => layout.part(attention, part, range(begin * width, width), width, 3 * width, 0, `${attention}.in_proj_weight`);
    const [hidden] = layout.shape(`${at(i, up!)}.weight`, [null, width]) as [number];
    blocks.push({
      query: third('q', 0), key: third('k', 1), value: third('v', 2),
      output: layout.linear(`${attention}.out_proj`, width, width),
      attentionNorm: layout.norm(at(i, 'ln_1'), width),
      mlpNorm: layout.norm(at(i, 'ln_2'), width),
      mlp: layout.mlp(at(i, up!), at(i, down!), width, hidden, activation.value),
      parallel: false,
      mask: null,
    });
  }
  const finalNorm = layout.norm('encoder.ln', width);
  const unembedding = layout.classifier('heads.head', width);
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const heads = await decideHeads(checkpoint, choices, width);
  const transformer: Transformer = {
    ...stem,
    ...plainHeads(heads, width),
    normalization: 'layer-norm',
    epsilon: EPSILON,
    causal: false,
    blocks, finalNorm,
    classOnly: true,
    unembedding,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'torchvision-vit',
      title: 'torchvision ViT',
      evidence: [
        `conv_proj, class_token, encoder.pos_embedding and ${blocks.length} × encoder.layers.encoder_layer_i have the shapes of torchvision's ViT`,
        describePatches(stem),
        unembedding ? 'heads.head reads the class token' : 'no head: the output is the class token behind the last norm',
      ],
      transforms: [
        'the convolution of the patches is read as a matrix [channels · patch · patch, d_model]',
        'in_proj_weight [3, heads, d_head] is read as q, k and v, each [d_model, heads · d_head]',
        'matrices [out, in] are read transposed',
      ],
      choices: [heads, activation],
      context: stem.positions.context,
      transformer,
      sources: layout.sources,
      buffer: () => null,
    }),
  };
}
