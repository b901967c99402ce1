/** Float64 decompositions, one at a time. */
import { messageOf } from '../base/errors';
import { eigenvaluesOfGram } from '../numerics/solve';
import type { Gram } from '../numerics/types';
import { toWire } from './rpc';

interface Job {
  id: number;
  gram: Gram;
  residuals: boolean;
}

self.onmessage = ({ data }: MessageEvent<Job>) => {
  try {
    const result = eigenvaluesOfGram(data.gram, { residuals: data.residuals });
    self.postMessage({ id: data.id, result }, { transfer: [result.values.buffer, result.residuals.buffer] });
  } catch (error) {
    self.postMessage({ id: data.id, error: toWire(error), message: messageOf(error) });
  }
};
