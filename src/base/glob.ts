/**
 * A matcher for layer names: `*` is any run of characters, `?` any one; several patterns are separated by commas.
 * Matching is linear (no regular expression is built from what a person or a link says).
 */
export function globMatcher(patterns: string): (name: string) => boolean {
  const list = patterns.split(',').map((p) => p.trim()).filter(Boolean);
  return (name) => list.length === 0 || list.some((p) => globMatches(p, name));
}

function globMatches(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] !== '*' && pattern[p] === name[n]))) {
      p++;
      n++;
    } else if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
