/** A graph from the modules of a torch network, by the prefixes of their tensors. */
import type { Layout } from '../layout';
import { convolutionSource } from '../sources';
import { INPUT, type GraphNode, type Operator, type Window } from './graph';

/** torch's default for BatchNorm. */
const EPSILON = 1e-5;

/** A square window with the same padding on all sides. */
export function square(kernel: number, stride = 1, padding = 0): Window {
  return { kernel: [kernel, kernel], stride: [stride, stride], padding: [padding, padding, padding, padding] };
}

export interface ConvolutionShape {
  readonly outputs: number;
  /** Input channels of each group. */
  readonly inputs: number;
  readonly height: number;
  readonly width: number;
}

export class TorchGraph {
  readonly nodes: GraphNode[] = [];
  /** The node whose value the next one reads, unless told otherwise. */
  at = INPUT;

  constructor(private readonly layout: Layout) {}

  /** @returns its name */
  add(name: string, operator: Operator, inputs: readonly string[] = [this.at]): string {
    this.nodes.push({ name, inputs, operator });
    return (this.at = name);
  }

  /** The shape of `prefix.weight` [out, in / groups, kh, kw]. */
  convolutionShape(prefix: string): ConvolutionShape {
    const [outputs, inputs, height, width] = this.layout.shape(`${prefix}.weight`, [null, null, null, null]) as [number, number, number, number];
    return { outputs, inputs, height, width };
  }

  /** nn.Conv2d of `channels` channels; the window is of the size of its kernel. */
  convolution(prefix: string, channels: number, stride: readonly [number, number], padding: readonly [number, number]): number {
    const { outputs, inputs, height, width } = this.convolutionShape(prefix);
    const groups = channels / inputs;
    if (!Number.isInteger(groups)) this.layout.fail(`'${prefix}.weight' reads ${inputs} channels of ${channels}`);
    this.layout.sources.set(`${prefix}.weight`, convolutionSource(`${prefix}.weight`, [outputs, inputs, height, width]));
    this.add(prefix, {
      kind: 'conv',
      weight: `${prefix}.weight`,
      bias: this.layout.vector(`${prefix}.bias`, outputs),
      kernel: [height, width],
      stride,
      padding: [padding[0], padding[1], padding[0], padding[1]],
      dilation: [1, 1],
      groups,
    });
    return outputs;
  }

  /** nn.BatchNorm2d or nn.BatchNorm1d. */
  batchNorm(prefix: string, channels: number): void {
    const { layout } = this;
    for (const statistic of ['running_mean', 'running_var']) layout.stored(`${prefix}.${statistic}`, [channels]);
    const [scale, shift] = [layout.vector(`${prefix}.weight`, channels), layout.vector(`${prefix}.bias`, channels)];
    this.add(prefix, { kind: 'batch-norm', scale, shift, statistics: { mean: `${prefix}.running_mean`, variance: `${prefix}.running_var`, epsilon: EPSILON } });
  }

  /** nn.Linear. */
  dense(prefix: string, inputs: number): number {
    const [outputs] = this.layout.shape(`${prefix}.weight`, [null, inputs]) as [number];
    const { weight, bias } = this.layout.linear(prefix, inputs, outputs);
    this.add(prefix, { kind: 'dense', weight, bias });
    return outputs;
  }
}

/** Counters that a batch norm keeps while it is trained. */
export function isCounter(tensor: string): string | null {
  return /(^|\.)num_batches_tracked$/.test(tensor) ? 'a counter that the forward pass does not use' : null;
}
