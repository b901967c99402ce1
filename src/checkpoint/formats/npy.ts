/** A lone numpy array: a checkpoint of one tensor, named by its file. */
import { stem, type Contents, type FileFormat, type Sniffed } from '../format';
import { NPY_MAGIC, NPY_PREAMBLE, npyHeaderEnd, parseNpyHeader, type NpyHeader } from '../npy-header';
import { truncated } from '../refusal';
import { rowMajorStrides, StoredTensor, stridedElements } from '../stored-tensor';
import { BITS } from '../dtype';

export const npy: FileFormat = {
  format: 'npy',
  recognises: ({ head, extension }: Sniffed) => extension === 'npy' || String.fromCharCode(...head.subarray(0, 6)) === NPY_MAGIC,

  async open({ source }: Sniffed): Promise<Contents> {
    const file = source.name;
    const { textBegin, end } = npyHeaderEnd(await source.read(0, Math.min(source.size, NPY_PREAMBLE)), file);
    if (end > source.size) throw truncated(file, source.size, end);
    const header = parseNpyHeader(await source.read(textBegin, end), end, source.size - end, file);
    const tensor = npyTensor(stem(file), header, file, (b, e) => source.read(b, e));
    return { tensors: [tensor], metadata: new Map(), warnings: rawWarnings(header, tensor.name), shared: [] };
  },
};

/** The tensor of a .npy file whose bytes `read` gives. */
export function npyTensor(name: string, header: NpyHeader, file: string, read: (begin: number, end: number) => Promise<Uint8Array>): StoredTensor {
  const { dtype, shape, begin } = header;
  const width = BITS[dtype] / 8;
  const strides = header.fortran ? rowMajorStrides([...shape].reverse()).reverse() : rowMajorStrides(shape);
  const elements = stridedElements(dtype, shape, strides, header.bigEndian, (b, e) => read(begin + b * width, begin + e * width));
  return new StoredTensor(name, dtype, shape, file, elements, `${begin}:${header.fortran ? 'F' : 'C'}${header.bigEndian ? '>' : '<'}`);
}

export function rawWarnings(header: NpyHeader, name: string): string[] {
  return header.raw ? [`"${name}" was saved as raw two-byte data (|V2); it was read as bfloat16.`] : [];
}
