/** The weights of the parts of a network: read when a part has its turn, the next ones while this one is computed with. */
import type { Model } from '../model/types';
import type { Stored, Tensor, TensorOps } from '../numerics/ops';

type Read = Promise<Map<string, Stored>>;

export class PartWeights {
  private coming: { part: number; read: Read } | null = null;

  /** @param names The parameters of every part. */
  constructor(
    private readonly model: Pick<Model, 'parameters' | 'stored'>,
    private readonly names: readonly ReadonlySet<string>[],
    private readonly ops: TensorOps,
    /** Sees what was read before it is used. */
    private readonly inspect: (parameters: Map<string, Stored>) => void,
  ) {}

  /** Tensors of the backend. */
  async take(part: number, next: number | null): Promise<ReadonlyMap<string, Tensor>> {
    const parameters = await (this.coming?.part === part ? this.coming.read : this.read(part));
    this.coming = null;
    this.inspect(parameters);
    const weights = new Map<string, Tensor>();
    for (const [name, stored] of parameters) weights.set(name, this.ops.weight(stored));
    if (next !== null) this.coming = { part: next, read: this.read(next) };
    return weights;
  }

  give(weights: ReadonlyMap<string, Tensor>): void {
    this.ops.dispose(...weights.values());
  }

  private read(part: number): Read {
    const read = readStored(this.model, this.names[part]);
    // It is awaited when its part has its turn, perhaps after it failed, perhaps never.
    read.catch(() => {});
    return read;
  }
}

/** All weights of a model, or those named, as they are stored. */
export function readStored(model: Pick<Model, 'parameters' | 'stored'>, names?: ReadonlySet<string>): Read {
  return model.stored ? model.stored(names) : model.parameters(names);
}
