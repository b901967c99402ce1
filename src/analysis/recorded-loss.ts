/** Losses that a file records, beside the loss on the probe: both with what they are, and no more than that. */
import type { Report } from './report';

/** Names under which training scripts keep a loss, that of held-out data first. */
const NAMES = ['best_val_loss', 'val_loss', 'eval_loss', 'best_eval_loss', 'test_loss', 'valid_loss', 'train_loss', 'loss'];
const MOST = 8;

/** By the last part of their names ('trainer_state.eval_loss'); best_metric where it is said to be a loss. */
export function recordedLosses(metadata: ReadonlyMap<string, string>): { name: string; value: number }[] {
  const found = NAMES.flatMap((wanted) => [...metadata].filter(([name]) => name.split('.').at(-1)!.toLowerCase() === wanted));
  const metric = [...metadata].filter(([name]) => name.endsWith('.best_metric') && /loss/.test(metadata.get(name.replace(/best_metric$/, 'metric_for_best_model')) ?? ''));
  return [...found, ...metric].flatMap(([name, text]) => {
    const value = text.trim() === '' ? NaN : Number(text);
    // nanoGPT begins with 1e9 for "none yet".
    return Number.isFinite(value) && Math.abs(value) < 1e8 ? [{ name: name.slice(0, 1000), value }] : [];
  }).slice(0, MOST);
}

/** Sentences; none where the file records no loss. */
export function lossComparison({ checkpoint, probe }: Pick<Report, 'checkpoint' | 'probe'>): string[] {
  const { losses = [] } = checkpoint;
  if (losses.length === 0) return [];
  const recorded = `the file records ${losses.map(({ name, value }) => `${name} = ${show(value)}`).join(', ')}, on data and by an average that are not known here`;
  const { meanLoss, labels, outputs, samples, positions, loss } = probe;
  if (meanLoss === null) return probe.loss === null ? [] : [`Loss: ${recorded}. This probe has no targets to set beside it.`];
  if (loss === 'mse' || !labels) return [`Loss on this probe: ${show(meanLoss)} per sample (½|f − y|², summed over outputs); ${recorded}.`];
  const here = (meanLoss * samples) / labels;
  const guess = outputs && outputs > 1 ? Math.log(outputs) : null;
  const sentences = [`Loss on this probe: ${show(here)} per ${positions > 1 ? 'token' : 'sample'} (cross-entropy, mean of ${labels}); ${recorded}.${guess === null ? '' : ` A uniform guess among ${outputs} would give ${show(guess)}.`}`];
  if (guess !== null && here >= guess && losses.some(({ value }) => value < guess)) {
    sentences.push('On this probe the network is no better than that guess: the probe, its tokenizer or scale of pixels, or the reading of the file may not be its own.');
  }
  return sentences;
}

function show(value: number): string {
  return String(Number(value.toPrecision(5)));
}
