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

/** Pictures that follow --probe (as a shell writes *.png out) are all meant for it: each gets a --probe of its own. */
export function probeFiles(words: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; i++) {
    out.push(words[i]!);
    if (words[i] !== '--probe' || i + 1 === words.length) continue;
    out.push(words[++i]!);
    if (!isPicture(words[i]!)) continue;
    while (i + 1 < words.length && isPicture(words[i + 1]!)) out.push('--probe', words[++i]!);
  }
  return out;
}

function isPicture(word: string): boolean {
  return /\.png$/i.test(word);
}

/** @throws UsageError where both are given. */
export function probeWords({ probe, text }: { probe?: string[]; text?: string }): { probes: string[]; text: string | null } {
  if (probe && text !== undefined) throw new UsageError('--probe and --text are two probes; give one');
  return { probes: probe ?? [], text: text ?? null };
}
