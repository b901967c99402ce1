/** The smallest ONNX model of a Gram: one Gemm node with transA. Field numbers are those of onnx.proto3. */

const VARINT = 0;
const BYTES = 2;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function field(number: number, content: number | string | number[]): number[] {
  if (typeof content === 'number') return [...varint(number * 8 + VARINT), ...varint(content)];
  const bytes = typeof content === 'string' ? [...new TextEncoder().encode(content)] : content;
  return [...varint(number * 8 + BYTES), ...varint(bytes.length), ...bytes];
}

/** g [columns, columns] = x^T x for x [rows, columns] float32. */
export function gemmModel(rows: number, columns: number): Uint8Array {
  const float = 1;
  const value = (name: string, shape: readonly number[]) => {
    const dimensions = shape.flatMap((size) => field(1, field(1, size)));
    return [...field(1, name), ...field(2, field(1, [...field(1, float), ...field(2, dimensions)]))];
  };
  const int = 2;
  const transA = [...field(1, 'transA'), ...field(3, 1), ...field(20, int)];
  const node = [...field(1, 'x'), ...field(1, 'x'), ...field(2, 'g'), ...field(4, 'Gemm'), ...field(5, transA)];
  const graph = [...field(1, node), ...field(2, 'gram'), ...field(11, value('x', [rows, columns])), ...field(12, value('g', [columns, columns]))];
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, [...field(1, ''), ...field(2, 13)])]);
}
