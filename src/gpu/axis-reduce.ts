/**
 * Sums and maxima along short axes inside tfjs: one invocation per result, in a fixed order. tfjs' own reduction spends a
 * workgroup with barriers on every result, and transposes first where the axis is not the last.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type WebGPUBackend, type WebGPUProgram, webgpu_util } from '@tensorflow/tfjs-backend-webgpu';
import { sizeOf } from '../numerics/shape';

export type Reduction = 'sum' | 'max';

/** Longer runs are worth a workgroup for each result. */
const longestRun = 1024;

/** Reduces `x` over the axes, which stay with length 1. */
export function reduceAxes(backend: WebGPUBackend, operation: Reduction, x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const reduced = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  if (x.size === 0) return tf.fill(reduced, operation === 'sum' ? 0 : -Infinity);
  return tf.tidy(() => {
    let result = x;
    // From the last axis to the first, a run of neighbouring axes at a time.
    for (let end = x.shape.length; end > 0; end--) {
      let begin = end;
      while (begin > 0 && axes.includes(begin - 1)) begin--;
      if (begin === end) continue;
      result = reduceRun(backend, operation, result, begin, end);
      end = begin;
    }
    return result === x ? tf.clone(x) : result;
  });
}

/** Reduces axes begin … end - 1: [outer, count, inner] -> [outer, 1, inner]. */
function reduceRun(backend: WebGPUBackend, operation: Reduction, x: tf.Tensor, begin: number, end: number): tf.Tensor {
  const shape = x.shape.map((length, axis) => (axis >= begin && axis < end ? 1 : length));
  const count = sizeOf(x.shape.slice(begin, end));
  if (count > longestRun) {
    const axes = Array.from({ length: end - begin }, (_, i) => begin + i);
    return tf[operation](x, axes, true);
  }
  const uniforms = [count, sizeOf(x.shape.slice(end))].map((value) => ({ type: 'int32', data: [value] }));
  const info = backend.runWebGPUProgram(program(operation, shape), [x], 'float32', uniforms);
  return tf.engine().makeTensorFromTensorInfo(info);
}

const combine: Record<Reduction, string> = { sum: 'total + value', max: 'max(total, value)' };

function program(operation: Reduction, outputShape: number[]): WebGPUProgram {
  const workgroupSize: [number, number, number] = [64, 1, 1];
  const dispatchLayout = webgpu_util.flatDispatchLayout(outputShape);
  return {
    variableNames: ['x'],
    uniforms: 'count : i32, inner : i32,',
    size: true,
    outputShape,
    workgroupSize,
    dispatchLayout,
    dispatch: webgpu_util.computeDispatch(dispatchLayout, outputShape, workgroupSize),
    shaderKey: `axis_${operation}`,
    getUserCode: () => `
      fn main(index : i32) {
        if (index < uniforms.size) {
          let start = (index / uniforms.inner) * uniforms.inner * uniforms.count + index % uniforms.inner;
          var total = f32(x[start]);
          for (var k = 1; k < uniforms.count; k = k + 1) {
            let value = f32(x[start + k * uniforms.inner]);
            total = ${combine[operation]};
          }
          setOutputAtIndex(index, total);
        }
      }`,
  };
}
