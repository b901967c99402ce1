/** ONNX files: every storage of elements, files beside the model, and what must be refused. */
import { describe, expect, it } from 'vitest';
import { openFiles } from '../../src/checkpoint/open';
import type { OnnxProgram, Program } from '../../src/checkpoint/program';
import { bufferSource } from '../../src/checkpoint/sources';
import type { ByteSource, Opened } from '../../src/checkpoint/types';
import { external, graph, integer, model, node, packed, run, tensor, value, varint } from './onnx-writer';
import { f32, join, latin, loaded, refused, text, valuesOf } from './writers';

const good = tensor({ raw: f32(1, 2) });
const one = (fields: Parameters<typeof tensor>[0]) => model({ tensors: [tensor(fields)] });
const drop = (files: Record<string, Uint8Array>): Promise<Opened> => openFiles(Object.entries(files).map(([name, bytes]) => bufferSource(name, bytes)));
const f64 = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);

function onnxOf(program: Program | null | undefined): OnnxProgram {
  if (program?.kind !== 'onnx') throw new Error('this is no ONNX program');
  return program;
}

describe('what is read', () => {
  it.each<[string, Uint8Array, number[]]>([
    ['raw_data', one({ raw: f32(1, -2) }), [1, -2]],
    ['raw_data of float64', one({ type: 11, raw: f64(0.1, -2) }), [0.1, -2]],
    ['float_data, packed', one({ more: run(4, f32(1, 2)) }), [1, 2]],
    ['float_data, in pieces', one({ dims: [4], more: join(run(4, f32(1, 2)), [37], f32(3), run(4, f32(4))) }), [1, 2, 3, 4]],
    ['double_data', one({ type: 11, more: run(10, f64(0.1, 1e300)) }), [0.1, 1e300]],
    ['int64_data', one({ type: 7, more: packed(7, [-1, 2 ** 52 + 1]) }), [-1, 2 ** 52 + 1]],
    ['int64_data, one by one', one({ type: 7, more: join(integer(7, 5), integer(7, -6)) }), [5, -6]],
    ['int32_data', one({ type: 6, more: packed(5, [-7, 2 ** 31 - 1]) }), [-7, 2 ** 31 - 1]],
    ['int8 as int32_data', one({ type: 3, more: packed(5, [-7, 127]) }), [-7, 127]],
    ['bool as int32_data', one({ type: 9, more: packed(5, [0, 1]) }), [0, 1]],
    ['uint64_data', one({ type: 13, more: packed(11, [3, 2 ** 40]) }), [3, 2 ** 40]],
    ['uint32 as uint64_data', one({ type: 12, more: packed(11, [3, 2 ** 32 - 1]) }), [3, 2 ** 32 - 1]],
    ['float16', one({ type: 10, raw: Uint8Array.of(0, 0x3c, 0, 0xc0) }), [1, -2]],
    ['float16 as int32_data', one({ type: 10, more: packed(5, [0x3c00, 0xc000]) }), [1, -2]],
    ['bfloat16', one({ type: 16, raw: Uint8Array.of(0x80, 0x3f, 0, 0xc0) }), [1, -2]],
    ['bfloat16 as int32_data', one({ type: 16, more: packed(5, [0x3f80, 0xc000]) }), [1, -2]],
    ['float8 e4m3', one({ type: 17, raw: Uint8Array.of(0x38, 0xc0) }), [1, -2]],
    ['float8 e4m3fnuz', one({ type: 18, raw: Uint8Array.of(0x40, 0xc8) }), [1, -2]],
    ['float8 e5m2', one({ type: 19, raw: Uint8Array.of(0x3c, 0xc0) }), [1, -2]],
    ['float8 e5m2fnuz', one({ type: 20, raw: Uint8Array.of(0x40, 0xc4) }), [1, -2]],
    ['a scalar', one({ dims: [], raw: f32(3) }), [3]],
    ['an empty tensor', one({ dims: [2, 0] }), []],
    ['packed dims', one({ dims: [], more: join(packed(1, [1, 2]), run(9, f32(4, 5))) }), [4, 5]],
    ['unknown fields', one({ raw: f32(1, 2), more: join(integer(99, 5), run(98, 'x'), varint(97 * 8 + 1), new Uint8Array(8), varint(96 * 8 + 5), new Uint8Array(4)) }), [1, 2]],
  ])('%s', async (_, bytes, values) => {
    const checkpoint = await loaded('m.onnx', bytes);
    expect(checkpoint.format).toBe('ONNX');
    expect(await valuesOf(checkpoint, 'w')).toEqual(values);
  });

  it('the graph as plain data, with the tensors of Constant nodes among the others', async () => {
    const bytes = model(
      {
        nodes: [
          node('Constant', [], ['half'], { value: { tensor: tensor({ name: '', dims: [], raw: f32(0.5) }) } }, 'c'),
          node('Conv', ['x', 'w', ''], ['y'], { pads: [1, 1, 0, 0], auto_pad: 'NOTSET', group: 1, alpha: { float: 0.25 }, scales: { floats: [1, 2] } }, 'conv'),
          node('If', ['y'], ['z'], { then_branch: { graph: graph({ nodes: [node('Relu', ['a'], ['b'])] }) } }, 'if', 'ai.onnx'),
        ],
        tensors: [good],
        inputs: [value('x', ['batch', 3, 8, 8])],
        outputs: [value('z', ['batch', 2])],
      },
      17,
      join(run(14, join(run(1, 'activation'), run(2, 'tanh'))), run(8, join(run(1, 'com.microsoft'), integer(2, 1)))),
    );
    const { program, tensors, metadata } = await loaded('model.bin.onnx', bytes);
    expect([...tensors.keys()]).toEqual(['half', 'w']);
    expect(metadata.get('activation')).toBe('tanh');
    expect(program).toMatchObject({ kind: 'onnx', opset: 17, inputs: [{ name: 'x', shape: ['batch', 3, 8, 8] }], outputs: [{ name: 'z', shape: ['batch', 2] }] });
    const [, conv, branch] = onnxOf(program).nodes;
    expect(conv).toMatchObject({ name: 'conv', op: 'Conv', domain: '', inputs: ['x', 'w', ''], outputs: ['y'] });
    expect([...conv!.attributes]).toEqual([['pads', [1, 1, 0, 0]], ['auto_pad', 'NOTSET'], ['group', 1], ['alpha', 0.25], ['scales', [1, 2]]]);
    expect([...branch!.attributes]).toEqual([['then_branch', { held: 'graph' }]]);
    expect(branch!.domain).toBe('');
  });

  it('by content, under any name', async () => {
    expect((await loaded('model', one({ raw: f32(1, 2) }))).format).toBe('ONNX');
  });

  it('leaves texts, 4-bit numbers and sparse tensors out by name', async () => {
    const { tensors, warnings } = await loaded('m.onnx', model({ tensors: [good, tensor({ name: 'labels', type: 8 }), tensor({ name: 'q', type: 22, raw: f32(1) })], more: run(15, good) }));
    expect([...tensors.keys()]).toEqual(['w']);
    expect(warnings).toEqual(['"labels" was left out: its elements are texts.', '"q" was left out: its elements are integers of 4 bits.', '1 sparse tensors were left out; only dense ones are read.']);
  });

  it('graphs that are nested without end cost nothing: they are not entered', async () => {
    let inner: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 2000; depth++) inner = join(run(1, join(run(4, 'If'), run(5, join(run(1, 'then_branch'), run(6, inner))))));
    const { program } = await loaded('m.onnx', model({ nodes: [node('If', ['x'], ['y'], { then_branch: { graph: inner } })], tensors: [good] }));
    expect(onnxOf(program).nodes).toHaveLength(1);
  });

  it('reads a model of 2 GB by its small fields', async () => {
    // A source that makes its bytes: a head, a tensor of 2 GB of zeros, a tail.
    const size = 2 ** 31;
    const tail = join(run(5, good));
    const head = (graphLength: number) => join(integer(1, 8), run(2, 'tests'), varint(8 * 7 + 2), varint(graphLength));
    const before = (length: number) => join(varint(8 * 5 + 2), varint(length), integer(1, size / 4), integer(2, 1), run(8, 'large'), varint(8 * 9 + 2), varint(size));
    const inner = before(0).length - varint(8 * 5 + 2).length - varint(0).length + size;
    const whole = before(inner);
    const start = join(head(whole.length + size + tail.length), whole);
    const end = join(tail, run(8, integer(2, 17)));
    let read = 0;
    const source: ByteSource = {
      name: 'large.onnx',
      size: start.length + size + end.length,
      async read(from, to) {
        read += to - from;
        const out = new Uint8Array(to - from);
        if (from < start.length) out.set(start.subarray(from, Math.min(to, start.length)));
        const at = start.length + size;
        if (to > at) out.set(end.subarray(Math.max(0, from - at), to - at), Math.max(0, at - from));
        return out;
      },
    };
    const { checkpoints, refusals } = await openFiles([source]);
    expect(refusals).toEqual([]);
    expect(await valuesOf(checkpoints[0]!, 'w')).toEqual([1, 2]);
    expect(checkpoints[0]!.tensors.get('large')!.shape).toEqual([2 ** 29]);
    expect(read).toBeLessThan(2 ** 19);
  });
});

describe('external data', () => {
  const pointing = (entries: Record<string, string>, fields: Parameters<typeof tensor>[0] = {}) => model({ tensors: [tensor({ ...fields, more: external(entries) })] });

  it('comes from the file of that name beside the model, which is then no file of its own', async () => {
    const { checkpoints, refusals } = await drop({
      'a/m.onnx': pointing({ location: 'm.data', offset: '4', length: '8' }),
      'a/m.data': f32(7, 1, 2),
      'b/m.data': f32(8, 8, 8),
    });
    expect(refusals.map(({ file }) => file)).toEqual(['b/m.data']);
    expect(checkpoints[0]!.files.map(({ name }) => name)).toEqual(['a/m.onnx', 'a/m.data']);
    expect(checkpoints[0]!.tensors.get('w')!.file).toBe('a/m.data');
    expect(await valuesOf(checkpoints[0]!, 'w')).toEqual([1, 2]);
  });

  it('the data enters the fingerprint', async () => {
    const prints = [f32(1, 2), f32(1, 3)].map(async (data) => (await drop({ 'm.onnx': pointing({ location: 'd' }), d: data })).checkpoints[0]!.fingerprint);
    expect(await prints[0]).not.toBe(await prints[1]);
  });

  it.each<[string, Record<string, string>, string, ...string[]]>([
    ['missing', { location: 'other.data' }, 'external-missing', '"other.data"', 'together'],
    ['a folder up', { location: '../m.data' }, 'external-path', '"../m.data"', 'plain name'],
    ['a folder down', { location: 'x/m.data' }, 'external-path', 'plain name'],
    ['an absolute path', { location: '/etc/passwd' }, 'external-path', '"/etc/passwd"'],
    ['a path of Windows', { location: '..\\m.data' }, 'external-path', 'plain name'],
    ['dots', { location: '..' }, 'external-path', 'plain name'],
    ['another case', { location: 'M.data' }, 'external-missing', '"M.data"'],
    ['no place', { offset: '0' }, 'external-location', 'not named'],
    ['beyond the end', { location: 'm.data', offset: '8' }, 'truncated', '12 of 16'],
    ['2^53', { location: 'm.data', offset: '9007199254740993' }, 'external-number', '"9007199254740993"'],
    ['text for a number', { location: 'm.data', offset: 'four' }, 'external-number', 'offset', '"four"'],
    ['a negative number', { location: 'm.data', offset: '-4' }, 'external-number', '"-4"'],
    ['hexadecimal', { location: 'm.data', length: '0x8' }, 'external-number', 'length', '"0x8"'],
    ['a wrong length', { location: 'm.data', length: '4' }, 'shape-size-mismatch', '8 bytes', 'has 4'],
  ])('%s: refused', async (_, entries, code, ...mentions) => {
    const { checkpoints, refusals } = await drop({ 'm.onnx': pointing(entries), 'm.data': f32(1, 2, 3) });
    expect(checkpoints).toEqual([]);
    const found = refusals.find((r) => r.code === code)!;
    expect(found, refusals.map((r) => r.code).join()).toBeDefined();
    for (const words of ['"w"', ...mentions]) expect(found.message).toContain(words);
  });
});

describe('what must be refused', () => {
  const sound = model({ tensors: [good], inputs: [value('x', ['n', 2])] });
  it.each<[string, Uint8Array, string, ...string[]]>([
    ['raw too short', one({ raw: f32(1) }), 'shape-size-mismatch', '"w"', '8 bytes', 'has 4'],
    ['raw too long', one({ raw: f32(1, 2, 3) }), 'shape-size-mismatch', 'has 12'],
    ['no elements', one({}), 'shape-size-mismatch', 'no elements'],
    ['float_data too short', one({ more: run(4, f32(1)) }), 'shape-size-mismatch', 'float_data has 4'],
    ['int64_data too long', one({ type: 7, dims: [1], more: packed(7, Array.from({ length: 30 }, () => 1)) }), 'shape-size-mismatch', '30 bytes'],
    ['raw and float_data', one({ raw: f32(1, 2), more: run(4, f32(1, 2)) }), 'two-values', 'raw_data and in float_data'],
    ['raw and external', one({ raw: f32(1, 2), more: external({ location: 'x' }) }), 'two-values', 'external'],
    ['float_data and double_data', one({ more: join(run(4, f32(1)), run(10, f64(1))) }), 'two-values', 'double_data'],
    ['elements in a field of another type', one({ type: 11, more: run(4, f32(1, 2)) }), 'bad-field', 'double_data'],
    ['negative dims', one({ dims: [-2], raw: f32(1, 2) }), 'bad-shape', '[-2]'],
    ['dims that wrap', one({ dims: [2 ** 32, 2 ** 32], raw: f32(1) }), 'shape-too-large', 'more elements'],
    ['dims that promise 2^50 elements', one({ dims: [2 ** 50], raw: f32(1) }), 'shape-size-mismatch', '4,503,599,627,370,496'],
    ['a type that is none', one({ type: 99, raw: f32(1, 2) }), 'bad-dtype', '99'],
    ['no type', one({ type: 0, raw: f32(1, 2) }), 'bad-dtype', 'is 0'],
    ['the same name twice', model({ tensors: [good, good] }), 'duplicate-name', '"w"', 'two tensors'],
    ['two graphs', join(sound, run(7, graph({}))), 'two-graphs', 'two graphs'],
    ['no graph', join(integer(1, 8), run(2, 'a producer of models')), 'no-graph', 'without a graph'],
    ['cut in the graph', sound.slice(0, 30), 'truncated', '30 of'],
    ['cut in a length', sound.slice(0, sound.length - 1), 'truncated', 'cut'],
    ['cut behind the graph', model({ tensors: [good] }, null), 'no-opset', 'cut'],
    ['a number of eleven bytes', join([8], new Uint8Array(10).fill(0x80), [1], sound), 'bad-varint', 'more than ten bytes'],
    ['a field of 2 GiB', join(integer(1, 8), varint(58), varint(2 ** 31), sound), 'truncated', '2,147,48'],
    ['a field of 2^63 bytes', join(integer(1, 8), varint(58), varint(-1), sound), 'bad-length', 'more than 2^63'],
    ['a field beyond its message', model({ tensors: [good], more: join(run(11, 'abc', 9)) }), 'bad-length', 'beyond the graph'],
    ['a number cut by its message', model({ tensors: [good], more: Uint8Array.of(0x88) }), 'bad-length', 'in the middle of a number'],
    ['field number 0', join(integer(1, 8), [0x12, 1, 65, 2, 0], sound), 'bad-tag', 'expected'],
    ['a group', join(integer(1, 8), run(2, 'tests'), [0x7b], sound), 'wire-type', 'wire type 3'],
    ['a graph that is a number', join(integer(1, 8), run(2, 'tests'), integer(7, 5), run(8, integer(2, 17))), 'wire-type', 'the graph', 'expected 2'],
    ['a name that is a number', model({ tensors: [join(integer(8, 3), integer(2, 1))] }), 'wire-type', 'the name of initializer 1'],
    ['a name that is no text', model({ tensors: [join(run(8, Uint8Array.of(0xff, 0xfe)), integer(2, 1))] }), 'bad-utf8', 'initializer 1'],
    ['a name of 2 MB', model({ tensors: [tensor({ name: 'x'.repeat(2 ** 21) })] }), 'too-long', '2,097,152'],
    ['a million sizes', one({ more: run(1, new Uint8Array(2 ** 20)) }), 'too-long', '1,048,576'],
    ['a picture', latin('\x89PNG\r\n\x1a\n........'), 'png-cut', 'picture is cut'],
    ['text', text('this is no model, whatever its name says'), 'wire-type', 'ONNX'],
  ])('%s', async (_, bytes, code, ...mentions) => {
    const refusal = await refused('m.onnx', bytes);
    expect(refusal).toMatchObject({ code });
    for (const words of ['m.onnx', ...mentions]) expect(refusal.message).toContain(words);
  });

  it('an integer count that only reading shows', async () => {
    const { tensors } = await loaded('m.onnx', one({ type: 7, dims: [2], more: packed(7, [1, 2, 3]) }));
    await expect(tensors.get('w')!.values()).rejects.toThrow(/"w": its dims count 2 elements; int64_data has more/);
  });

  it('names are data', async () => {
    const { tensors, program } = await loaded('m.onnx', model({ nodes: [node('Relu', ['__proto__'], ['constructor'], { __proto__: 1 })], tensors: [tensor({ name: '__proto__', raw: f32(1, 2) })] }));
    expect([...tensors.keys()]).toEqual(['__proto__']);
    expect(onnxOf(program).nodes[0]!.outputs).toEqual(['constructor']);
  });
});
