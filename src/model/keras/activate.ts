/** Nonlinearities as Keras writes them. */
import { activationName, withNumbers } from '../layers/activations';
import type { Builder } from './builder';
import type { Call } from './calls';
import { NotRun, Settings } from './settings';

/** Names that mean something else in Keras. */
const OWN: ReadonlyMap<string, string> = new Map([['leaky_relu', withNumbers('leaky_relu', 0.2)]]);

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
  const activation = OWN.get(word) ?? (b.old && word === 'hard_sigmoid' ? withNumbers('hard_sigmoid', 0.2, 0.5) : activationName(word));
  if (activation === null) throw new NotRun(`${settings.subject} has the activation "${word.slice(0, 60)}", which is not computed here`);
  return activation === 'linear' ? value : b.emit(name, [value], { kind: 'activation', activation });
}

export function relu(b: Builder, call: Call): void {
  const { settings } = call;
  const slope = settings.number('negative_slope', 0);
  const largest = settings.get('max_value') === null ? null : settings.number('max_value', 0);
  settings.expect(settings.number('threshold', 0) === 0 && !(slope !== 0 && largest !== null), 'has a threshold, or a maximum and a slope, which is not computed here');
  settings.expect(largest === null || largest > 0, `has the maximum ${largest}; one above zero was expected`);
  if (slope !== 0) leaky(b, call, slope);
  else named(b, call, largest === null ? 'relu' : largest === 6 ? 'relu6' : withNumbers('clip', 0, largest));
}

export function elu(b: Builder, call: Call): void {
  const alpha = call.settings.number('alpha', 1);
  named(b, call, alpha === 1 ? 'elu' : withNumbers('elu', alpha));
}

export function leakyRelu(b: Builder, call: Call): void {
  leaky(b, call, call.settings.number('negative_slope', call.settings.number('alpha', 0.3)));
}

function leaky(b: Builder, call: Call, slope: number): void {
  // TensorFlow.js and old files write the nearest float32.
  const short = Number(Math.fround(slope).toPrecision(7));
  const written = Math.fround(slope) === slope && Math.fround(short) === slope ? short : slope;
  named(b, call, written === 0.01 ? 'leaky_relu' : withNumbers('leaky_relu', written));
}

function named(b: Builder, call: Call, activation: string): void {
  b.give(call, b.emit(call.name, [b.one(call)], { kind: 'activation', activation }));
}
