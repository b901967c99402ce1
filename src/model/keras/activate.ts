/** Nonlinearities as Keras writes them. */
import { activationName } from '../layers/activations';
import type { Builder } from './builder';
import type { Call } from './calls';
import { NotRun, Settings } from './settings';

/**
 * The value behind a nonlinearity as Keras writes it: a name, or an object that holds one.
 * @param name of the node that it becomes
 */
export function activate(b: Builder, call: Call, value: string, name: string, stated: ReturnType<Settings['get']>): string {
  const { settings } = call;
  const inner = Settings.of(stated, settings.subject);
  const word = typeof stated === 'string' ? stated : stated === null ? 'linear' : (inner.text('config') ?? inner.text('class_name') ?? '');
  if (word === 'softmax') {
    settings.expect(b.isLast(call), 'has a softmax that is not the end of the model, where it is left out');
    b.probabilities = true;
    return value;
  }
  // Keras's own leaky_relu has the slope 0.2.
  const activation = word === 'leaky_relu' ? null : activationName(word);
  if (activation === null) throw new NotRun(`${settings.subject} has the activation "${word.slice(0, 60)}", which is not computed here`);
  return activation === 'linear' ? value : b.emit(name, [value], { kind: 'activation', activation });
}

export function relu(b: Builder, call: Call): void {
  const { settings } = call;
  settings.expect(settings.get('max_value') === null && settings.number('threshold', 0) === 0, 'has a maximum or a threshold, which is not computed here');
  const slope = settings.number('negative_slope', 0);
  slope === 0 ? b.give(call, b.emit(call.name, [b.one(call)], { kind: 'activation', activation: 'relu' })) : leaky(b, call, slope);
}

export function leakyRelu(b: Builder, call: Call): void {
  leaky(b, call, call.settings.number('negative_slope', call.settings.number('alpha', 0.3)));
}

function leaky(b: Builder, call: Call, slope: number): void {
  // The float32 nearest to 0.01 is what TensorFlow.js and old files write.
  call.settings.expect(Math.fround(slope) === Math.fround(0.01), `has the slope ${slope}; 0.01 is computed here`);
  b.give(call, b.emit(call.name, [b.one(call)], { kind: 'activation', activation: 'leaky_relu' }));
}
