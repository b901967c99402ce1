/** What `TensorOps.scope` looks for in the result of its work. */

/** Every value that `is` accepts in `result`: itself, or inside arrays and plain objects, nested. */
export function tensorsIn<T>(result: unknown, is: (value: unknown) => value is T): T[] {
  if (result instanceof Promise) throw new Error('scope: the work must be synchronous, and it returned a promise.');
  const found: T[] = [];
  const visit = (value: unknown): void => {
    if (is(value)) found.push(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (isPlain(value)) Object.values(value).forEach(visit);
  };
  visit(result);
  return found;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
