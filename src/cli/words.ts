/** What every command reads its words with. */

/** A command line that was not understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** KEY=VALUE, repeatable. @throws UsageError */
export function pairs(option: string, words: readonly string[] = []): [string, string][] {
  return words.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`${option} takes KEY=VALUE, not '${pair}'`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}
