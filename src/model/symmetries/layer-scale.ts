/** LayerScale (Touvron et al. 2021): x <- x + lambda . branch(x), with a vector lambda behind the last dense map of the branch. */
import type { Named } from '../layers/dense';
import type { TransformerBlock } from '../layers/transformer';
import { DirectionBuilder, type Symmetry } from './symmetry';

/** Each coordinate of what a branch writes against its scale. */
export function layerScales({ output, attentionScale, mlp, mlpScale }: TransformerBlock, width: number): Symmetry[] {
  return [
    ...(attentionScale === undefined ? [] : [against(output, attentionScale, width)]),
    ...(mlp && mlpScale !== undefined ? [against(mlp.down, mlpScale, width)] : []),
  ];
}

function against({ layer, weight, bias }: Named, scale: string, width: number): Symmetry {
  return {
    family: 'LayerScale against the map before it',
    layer,
    dimension: width,
    *generators(parameters) {
      for (let j = 0; j < width; j++) {
        const direction = new DirectionBuilder(parameters);
        direction.addLine({ name: weight, axis: 1 }, j, j, 1);
        if (bias !== null) direction.addLine({ name: bias, axis: 0 }, j, j, 1);
        direction.addLine({ name: scale, axis: 0 }, j, j, -1);
        yield direction.vector;
      }
    },
  };
}
