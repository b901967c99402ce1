/** The training data that a file names. A name is all that is taken from it. */

const DATA = ['dataset', 'dataset_name', 'train_dataset', 'dataset_path', 'training_data', 'datasets', 'task', 'task_name'];
const NOTHING = new Set(['', 'none', 'null', 'true', 'false']);

/** 'trained on "openwebtext", the file says (config.dataset)'; null where nothing is named. */
export function trainedOn(metadata: ReadonlyMap<string, string>): string | null {
  const named = (key: string) => [...metadata].find(([name]) => name.split('.').at(-1)!.toLowerCase() === key);
  // Modular arithmetic, as in the experiments on grokking: an operation and its modulus.
  const [operation, modulus] = [named('fn_name'), named('p')];
  if (operation && modulus && Number.isInteger(Number(modulus[1])) && Number(modulus[1]) > 1) {
    return `trained on "${operation[1].slice(0, 100)}" modulo ${modulus[1]}, the file says (${operation[0]}, ${modulus[0]})`;
  }
  for (const key of DATA) {
    const found = named(key);
    if (found && !NOTHING.has(found[1].trim().toLowerCase()) && !Number.isFinite(Number(found[1]))) return `trained on "${found[1].trim().slice(0, 200)}", the file says (${found[0]})`;
  }
  return null;
}
