/** jax-js on one of its devices. Its arrays are consumed by what uses them; `ref` keeps one more. */
import type { Device } from '@jax-js/jax';
import type { EigenProblem, GramProblem, Implementation } from '../implementation';

export async function jaxImplementation(name: string, device: Device, precisions: readonly ('f32' | 'f64')[]): Promise<Implementation> {
  if (!('Float16Array' in globalThis)) throw new Error('jax-js needs Float16Array, which this JavaScript does not have');
  const { init, numpy: np } = await import('@jax-js/jax');
  if (!(await init(device)).includes(device)) throw new Error(`jax-js has no ${device} here`);
  const roundoffOf = (precision: 'f32' | 'f64') => (precision === 'f32' ? 2 ** -24 : 2 ** -53);
  const place = (values: Float32Array | Float64Array, shape: number[], precision: 'f32' | 'f64') =>
    np.array((precision === 'f32' ? Float32Array.from(values) : Float64Array.from(values)) as never, {
      shape,
      dtype: precision === 'f32' ? np.float32 : np.float64,
      device,
    });

  const gram = (precision: 'f32' | 'f64') => ({ x: values, rows, columns }: GramProblem) => {
    const x = place(values, [rows, columns], precision);
    return {
      roundoff: roundoffOf(precision),
      async run() {
        const hi = (await np.matmul(np.transpose(x.ref), x.ref).data()) as Float32Array | Float64Array;
        return { result: () => ({ hi }) };
      },
      dispose: () => x.dispose(),
    };
  };
  const best = precisions.at(-1)!;
  const eigenvalues = ({ a: matrix, n }: EigenProblem) => {
    const a = place(matrix, [n, n], best);
    return {
      roundoff: roundoffOf(best),
      async run() {
        const values = (await np.linalg.eigvalsh(a.ref).data()) as Float32Array;
        return { result: () => ({ values }) };
      },
      dispose: () => a.dispose(),
    };
  };
  const eigenvectors = ({ a: matrix, n }: EigenProblem) => {
    const a = place(matrix, [n, n], best);
    return {
      roundoff: roundoffOf(best),
      async run() {
        const [w, v] = np.linalg.eigh(a.ref);
        const [values, columns] = (await Promise.all([w.data(), v.data()])) as Float64Array[];
        return { result: () => ({ values: values!, vectors: columns!.map((_, k) => columns![(k % n) * n + Math.floor(k / n)]!) }) };
      },
      dispose: () => a.dispose(),
    };
  };
  return {
    name,
    tasks: { 'gram-f32': gram('f32'), ...(best === 'f64' && { 'gram-f64': gram('f64') }), eigenvalues, eigenvectors },
  };
}
