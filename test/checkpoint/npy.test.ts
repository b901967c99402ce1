import { describe, expect, it } from 'vitest';
import { f32, join, le, loaded, npy, npyOf, refused, text, valuesOf } from './writers';

const two = f32(1, 2);
const f64 = (...v: number[]) => new Uint8Array(Float64Array.from(v).buffer);
const header = (fields: string) => npy(`{${fields}}\n`, two);

describe('npy that must be refused', () => {
  it.each<[string, Uint8Array, string, ...string[]]>([
    ['wrong magic', join('\x93NUMPX', [1, 0], le(0, 2)), 'npy-magic', 'NUMPY'],
    ['version 9', join('\x93NUMPY', [9, 0], le(0, 2)), 'npy-version', '9.0'],
    ['cut header', npyOf('<f4', '(2,)', two).slice(0, 40), 'truncated', '40 of'],
    ['cut before the length', join('\x93NUMPY', [1, 0]), 'truncated', '8 bytes'],
    ['2 GiB header', join('\x93NUMPY', [2, 0], le(2 ** 31, 4), 'xx'), 'npy-header', '2,147,483,648'],
    ['code in the header', header("'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (2,)"), 'npy-dtype', '__import__'],
    ['list header', npy("['descr', '<f4']\n", two), 'npy-header'],
    ['missing key', header("'descr': '<f4', 'shape': (2,)"), 'npy-header', 'exactly descr, fortran_order and shape'],
    ['extra key', header("'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1"), 'npy-header', '"x"'],
    ['duplicate key', header("'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)"), 'npy-header', '"descr" twice'],
    ["fortran_order 'no'", header("'descr': '<f4', 'fortran_order': 'no', 'shape': (2,)"), 'npy-header', 'True or False'],
    ['negative shape', npyOf('<f4', '(-2,)', two), 'bad-shape', '(-2,)'],
    ['fractional shape', npyOf('<f4', '(2.0,)', two), 'bad-shape', '(2.0,)'],
    ['a number for a shape', npyOf('<f4', '(2)', two), 'bad-shape'],
    ['huge shape', npyOf('<f4', '(99999999999999999999,)', two), 'bad-shape'],
    ['wrapping shape', npyOf('<f4', '(4294967296, 4294967296)', two), 'shape-too-large'],
    ['8 GB promised', npyOf('<f8', '(1000000000,)', two), 'truncated', '8 of 8,000,000,000'],
    ['cut', npyOf('<f4', '(2,)', two.slice(0, 6)), 'truncated', '6 of 8'],
    ['trailing array', join(npyOf('<f4', '(2,)', two), npyOf('<f4', '(2,)', two)), 'trailing-bytes'],
    ['object', npyOf('|O', '(2,)', two), 'npy-dtype', 'Python objects'],
    ['object with a pickle of posix.system', npyOf('|O', '(1,)', text('cposix\nsystem\n(S"id"\ntR.')), 'npy-dtype', 'running code'],
    ['structured', header("'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (1,)"), 'npy-dtype', 'structured'],
    ['text', npyOf('<U2', '(1,)', two), 'npy-dtype', 'text'],
    ['bytes', npyOf('|S8', '(1,)', two), 'npy-dtype', 'text'],
    ['dates', npyOf('<M8[ns]', '(1,)', two), 'npy-dtype', 'dates'],
    ['128-bit floats are not half', npyOf('<f16', '(1,)', new Uint8Array(16)), 'npy-dtype', '128-bit', 'float64'],
    ['raw bytes', npyOf('|V4', '(2,)', two), 'npy-dtype', 'raw bytes'],
    ['unknown dtype', npyOf('<z4', '(2,)', two), 'npy-dtype', 'z4'],
    ['empty', new Uint8Array(0), 'empty-file'],
  ])('%s', async (_, bytes, code, ...mentions) => {
    const refusal = await refused('x.npy', bytes);
    expect(refusal.code).toBe(code);
    for (const words of ['x.npy', ...mentions]) expect(refusal.message).toContain(words);
  });
});

describe('odd but valid npy', () => {
  it.each<[string, Uint8Array, number[], number[]]>([
    ['C order', npyOf('<f4', '(2,)', two), [2], [1, 2]],
    ['Fortran order', npyOf('<f8', '(2, 3)', f64(1, 2, 3, 4, 5, 6), 'True'), [2, 3], [1, 3, 5, 2, 4, 6]],
    ['Fortran order, rank 3', npyOf('|u1', '(2, 2, 2)', Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), 'True'), [2, 2, 2], [0, 4, 2, 6, 1, 5, 3, 7]],
    ['big-endian', npyOf('>f8', '(2,)', f64(1.5, -2).reverse()), [2], [-2, 1.5]],
    ['big-endian Fortran', npyOf('>i2', '(2, 2)', Uint8Array.of(0, 1, 0, 2, 0, 3, 0, 4), 'True'), [2, 2], [1, 3, 2, 4]],
    ['version 2', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", two, 2), [2], [1, 2]],
    ['version 3', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", two, 3), [2], [1, 2]],
    ['3L', npyOf('<f4', '(2L,)', two), [2], [1, 2]],
    ['odd header', npy('{"shape":(2,),"fortran_order":False,   "descr":"<f4"}', two), [2], [1, 2]],
    ['0-d', npyOf('<f4', '()', f32(7)), [], [7]],
    ['empty', npyOf('<f4', '(0, 3)', new Uint8Array(0)), [0, 3], []],
    ['bool', npyOf('|b1', '(3,)', Uint8Array.of(0, 1, 1)), [3], [0, 1, 1]],
    ['int64', npyOf('<i8', '(2,)', join(le(-9, 8), le(2n ** 52n, 8))), [2], [-9, 2 ** 52]],
    ['half', npyOf('<f2', '(2,)', Uint8Array.of(0, 0x3c, 1, 0)), [2], [1, 2 ** -24]],
  ])('%s', async (_, bytes, shape, values) => {
    const checkpoint = await loaded('folder/x.y.npy', bytes);
    expect(checkpoint.format).toBe('npy');
    expect(checkpoint.tensors.get('x.y')!.shape).toEqual(shape);
    expect(await valuesOf(checkpoint, 'x.y')).toEqual(values);
  });

  it('|V2 is bfloat16, and says so', async () => {
    const checkpoint = await loaded('x.npy', npyOf('|V2', '(2,)', Uint8Array.of(0x80, 0x3f, 0, 0xc0)));
    expect(checkpoint.tensors.get('x')!.dtype).toBe('bf16');
    expect(await valuesOf(checkpoint, 'x')).toEqual([1, -2]);
    expect(checkpoint.warnings[0]).toContain('bfloat16');
  });
});
