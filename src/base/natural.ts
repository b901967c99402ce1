const isDigit = (code: number) => code >= 48 && code <= 57;

/** Index just past the run of digits that starts at `i`. */
function digitsEnd(text: string, i: number): number {
  while (i < text.length && isDigit(text.charCodeAt(i))) i++;
  return i;
}

/** Compare two runs of digits by value, whatever their length; equal values ('1', '01') by text. */
function compareDigits(p: string, q: string): number {
  const x = p.replace(/^0+/, '');
  const y = q.replace(/^0+/, '');
  if (x.length !== y.length) return x.length - y.length;
  if (x !== y) return x < y ? -1 : 1;
  return p < q ? -1 : p > q ? 1 : 0;
}

/** Compare names the way people order layers: `blocks.2` before `blocks.10`. One scan, nothing allocated for the common prefix. */
export function naturalCompare(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const c = a.charCodeAt(i);
    const d = b.charCodeAt(j);
    if (isDigit(c) && isDigit(d)) {
      const x = digitsEnd(a, i);
      const y = digitsEnd(b, j);
      const order = c === d && x === i + 1 && y === j + 1 ? 0 : compareDigits(a.slice(i, x), b.slice(j, y));
      if (order !== 0) return order;
      i = x;
      j = y;
    } else if (c !== d) {
      // A number sorts before any text that stands in its place.
      if (isDigit(c) || isDigit(d)) return isDigit(c) ? -1 : 1;
      return c - d;
    } else {
      i++;
      j++;
    }
  }
  return a.length - i - (b.length - j);
}
