import { describe, expect, it } from 'vitest';
import { f32, join, latin, le, legacy, loaded, P, pt, refused, text, valuesOf } from './writers';

const tensor = P.tensor('0', 4, [2, 2], [2, 1]);
const flat = P.file(P.orderedDict(['w', tensor]));
const withTensor = (...pairs: [Uint8Array | string, Uint8Array][]) => P.file(P.dict(['w', tensor], ...pairs));
const system = P.reduce(P.global('posix', 'system'), P.str('touch pwned'));
const view = (shape: number[], strides: number[], offset = 0) => pt(P.file(P.dict(['w', P.tensor('0', 4, shape, strides, offset)])));
const short = (s: string) => join([0x8c, s.length], s);
const rebuilt = (...args: Uint8Array[]) => P.reduce(P.global('torch._utils', '_rebuild_tensor_v2'), ...args);
const none = latin('N');
const raw = (...parts: (Uint8Array | string | number[])[]) => pt(join(...parts));

describe('PyTorch files that must be refused', () => {
  it.each<[string, Uint8Array, string, ...string[]]>([
    ['posix.system by GLOBAL', pt(P.file(system)), 'no-tensors', 'posix.system'],
    ['posix.system by STACK_GLOBAL', raw([0x80, 4], short('posix'), short('system'), [0x93], P.str('id'), [0x85], 'R.'), 'no-tensors', 'posix.system'],
    ['posix.system by INST', raw('(', P.str('id'), 'iposix\nsystem\n.'), 'no-tensors', 'posix.system'],
    ['posix.system in a plain pickle', text('cposix\nsystem\n(S"id"\ntR.'), 'plain-pickle', 'posix.system'],
    ['posix.system by OBJ', raw('(', P.global('posix', 'system'), P.str('id'), 'o.'), 'no-tensors', 'posix.system'],
    ['getattr', pt(P.file(P.reduce(P.global('builtins', 'getattr'), P.global('os', 'environ'), P.str('x')))), 'no-tensors', 'builtins.getattr'],
    ['a whole module', pt(P.file(P.global('my.code', 'Net'), ')\x81', P.dict(['_parameters', P.dict(['w', tensor])], ['_modules', P.dict()]), 'b')), 'whole-module', 'my.code.Net', 'torch.save(model.state_dict()'],
    ['a global named __proto__', pt(P.file(P.global('torch', '__proto__'))), 'no-tensors', 'torch.__proto__'],
    ['SETITEM on a tensor', pt(P.file(tensor, P.str('k'), none, 's')), 'pickle-type', 'a tensor'],
    ['numel lie', pt(P.file(P.dict(['w', P.tensor('0', 1000, [1000], [1])]))), 'torch-storage-size', '"w"', '16 bytes', '4,000'],
    ['offset out of bounds', view([2, 2], [2, 1], 1), 'torch-layout', '"w"', 'element 5 of a storage of 4'],
    ['stride out of bounds', view([2, 2], [9, 1]), 'torch-layout', 'storage of 4'],
    ['negative stride', view([2], [-1]), 'torch-layout', 'strides'],
    ['negative size', view([-2], [1]), 'torch-layout', 'shape'],
    ['negative offset', view([2], [1], -1), 'torch-layout', 'offset is -1'],
    ['rank mismatch', view([2, 2], [1]), 'torch-layout', '2 sizes and 1 strides'],
    ['stride-0 view of 2^51', view([2 ** 26, 2 ** 25], [0, 0]), 'torch-layout', 'expands 4'],
    ['2^65 elements', view([2 ** 30, 2 ** 30, 32], [0, 0, 0]), 'torch-layout', '2^53'],
    ['missing record', pt(flat, {}), 'torch-missing-record', '"w"', '"0"'],
    ['record of another size', pt(flat, { 0: f32(1, 2, 3) }), 'torch-storage-size', '12 bytes'],
    ['unknown storage', pt(P.file(P.dict(['w', P.tensor('0', 4, [4], [1], 0, 'EvilStorage')]))), 'torch-storage-type', 'torch.EvilStorage'],
    ['key ../../version', pt(P.file(P.dict(['w', P.tensor('../../version', 4, [4], [1])])), { 0: f32(1) }), 'torch-missing-record', '../../version'],
    ['bad persistent id', pt(P.file(P.dict(['w', rebuilt(join(P.tuple(P.str('module'), none), 'Q'), P.int(0), P.ints([4]), P.ints([1]))]))), 'torch-persistent-id', 'expected (\'storage\''],
    ['persistent id of text', pt(P.file(P.str('storage'), 'Q')), 'torch-persistent-id', 'a string'],
    ['a tensor of no storage', pt(P.file(rebuilt(P.int(1), P.int(0), P.ints([4]), P.ints([1])))), 'pickle-type', 'a number'],
    ['no STOP', raw(P.proto(), '}'), 'pickle-cut', 'ends in the middle'],
    ['cut pickle', pt(flat.slice(0, 60)), 'pickle-cut'],
    ['opcode 0xff', raw(P.proto(), [0xff], '.'), 'pickle-opcode', '0xff'],
    ['protocol 9', raw([0x80, 9], 'N.'), 'pickle-protocol', 'protocol 9'],
    ['underflow', raw(P.proto(), 's.'), 'pickle-underflow', 'empty stack'],
    ['underflow below a mark', raw(P.proto(), 'N(R.'), 'pickle-underflow'],
    ['missing memo', raw(P.proto(), 'h\x07.'), 'pickle-memo', 'numbered 7'],
    ['memo 2^32-1', raw(P.proto(), 'Nr', le(2 ** 32 - 1, 4), '.'), 'pickle-memo', '4,294,967,295'],
    ['4 GiB string', raw(P.proto(), 'X', le(2 ** 32 - 1, 4), 'x.'), 'pickle-cut'],
    ['2^63 string', raw(P.proto(4), [0x8d], le(2n ** 63n, 8), 'x.'), 'pickle-cut'],
    ['LONG4 of 2 GiB', raw(P.proto(), [0x8b], le(2 ** 31 - 1, 4), '.'), 'pickle-length', '2,147,483,647'],
    ['LONG4 negative', raw(P.proto(), [0x8b], le(-1, 4), '.'), 'pickle-length', '-1'],
    ['200,000 nested lists', pt(P.file(P.dict(['w', tensor], ['deep', latin(`${']'.repeat(200_000)}${'a'.repeat(199_999)}`)]))), 'pickle-too-deep', '10,000 deep'],
    ['10^29 laughs', pt(P.file(P.dict(['w', tensor], ['ha', laughs(29)]))), 'pickle-expansion', 'expand'],
    ['extension code', raw(P.proto(), [0x82, 1], '.'), 'pickle-extension'],
    ['out-of-band buffer', raw([0x80, 5, 0x97], '.'), 'pickle-buffer'],
    ['two data.pkl', pt(flat, undefined, [{ name: 'other/data.pkl', data: flat }]), 'torch-two-pickles', 'other/data.pkl'],
    ['CRC flip', pt(flat, {}, [{ name: 'archive/data/0', data: f32(1, 2, 3, 4), crc: 7 }]), 'crc', 'data/0', '00000007'],
    ['bad byteorder', pt(flat, undefined, [{ name: 'archive/byteorder', data: latin('middle') }]), 'torch-byteorder', 'middle'],
    ['TorchScript', pt(flat, undefined, [{ name: 'archive/constants.pkl', data: latin('.') }]), 'torchscript', 'torch.jit.load'],
    ['cut', pt(flat).slice(0, -30), 'zip-directory', 'missing'],
    ['no data.pkl', zipWithout(), 'plain-zip', 'data.pkl'],
    ['Python source', text('import torch\nprint(torch.ones(2))\n'), 'python-source', 'Python source'],
    ['noise', Uint8Array.from({ length: 500 }, (_, i) => (i * 89 + 7) & 255), 'unrecognised', 'torch.save'],
    ['no tensors', pt(P.file(P.dict(['epoch', P.int(3)]))), 'no-tensors', 'a dict'],
    ['names that meet', pt(P.file(P.dict(['a.b', tensor], ['a', P.dict(['b', tensor])]))), 'duplicate-name', '"a.b"'],
    ['pickled numpy arrays', pt(P.file(P.dict(['w', join(P.reduce(P.global('numpy.core.multiarray', '_reconstruct'), P.global('numpy', 'ndarray'), P.ints([0]), P.str('b')), P.tuple(P.int(1), P.ints([1])), 'b')]))), 'numpy-in-pickle', '"w"', 'np.savez'],
    ['legacy, cut', legacy(flat).slice(0, -3), 'truncated', 'bytes are there'],
    ['legacy, cut in the pickle', legacy(flat).slice(0, 70), 'pickle-cut'],
    ['legacy, trailing bytes', join(legacy(flat), 'xx'), 'trailing-bytes', '2 bytes'],
    ['legacy, count lie', legacy(flat, [['0', 5, f32(1, 2, 3, 4)]]), 'torch-storage-size', '5 elements'],
    ['legacy, unknown key', legacy(flat, [['0', 4, f32(1, 2, 3, 4)], ['9', 1, f32(1)]]), 'torch-keys', '"9"'],
    ['legacy, posix.system', legacy(P.file(system), []), 'no-tensors', 'posix.system'],
  ])('%s', async (_, bytes, code, ...mentions) => {
    const before = process.cpuUsage();
    const refusal = await refused('net.pt', bytes);
    expect(refusal.code).toBe(code);
    for (const words of ['net.pt', ...mentions]) expect(refusal.message).toContain(words);
    // Processor time: the machine may be busy with other tests.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });
});

/** l0 = ['x'], l1 = [l0] * 10, …: few opcodes, 10^depth values. */
function laughs(depth: number): Uint8Array {
  const parts: Uint8Array[] = [join('](', P.str('x'), 'e')];
  for (let i = 0; i < depth; i++) parts.push(join('q', [i], '0](', ...Array.from({ length: 10 }, () => `h${String.fromCharCode(i)}`), 'e'));
  return join(...parts);
}

/** A .pt whose data.pkl bears another name of the same length. */
function zipWithout(): Uint8Array {
  return latin(String.fromCharCode(...pt(flat)).replaceAll('data.pkl', 'date.pkl'));
}

describe('odd but valid PyTorch files', () => {
  it.each<[string, Uint8Array, number[]]>([
    ['plain', pt(flat), [1, 2, 3, 4]],
    ['CRC 0 means none', pt(flat, {}, [{ name: 'archive/data/0', data: f32(1, 2, 3, 4), crc: 0 }]), [1, 2, 3, 4]],
    ['re-compressed', pt(flat, {}, [{ name: 'archive/data/0', data: f32(1, 2, 3, 4), deflate: true }]), [1, 2, 3, 4]],
    ['another root', pt(flat, undefined, [], 'epoch=3/'), [1, 2, 3, 4]],
    ['bytes in front', pt(flat, undefined, [], 'archive/', { prefix: latin('junk') }), [1, 2, 3, 4]],
    ['big-endian', pt(flat, { 0: f32(4, 3, 2, 1).reverse() }, [{ name: 'archive/byteorder', data: latin('big') }]), [1, 2, 3, 4]],
    ['records of torch 2', pt(flat, undefined, [{ name: 'archive/byteorder', data: latin('little') }, { name: 'archive/.format_version', data: latin('1') }, { name: 'archive/.storage_alignment', data: latin('64') }, { name: 'archive/.data/serialization_id', data: latin('1') }]), [1, 2, 3, 4]],
    ['v3 rebuild', pt(P.file(P.dict(['w', P.reduce(P.global('torch._utils', '_rebuild_tensor_v3'), P.storage('0', 16, 'UntypedStorage', 'cpu', 'torch.storage'), P.int(0), P.ints([4]), P.ints([1]), latin('\x89'), none, P.global('torch', 'float32'))]))), [1, 2, 3, 4]],
    ['cuda location', pt(P.file(P.dict(['w', P.tensor('0', 4, [4], [1], 0, 'FloatStorage', 'cuda:3')]))), [1, 2, 3, 4]],
    ['_metadata', pt(P.file(P.orderedDict(['w', tensor]), P.dict(['_metadata', P.orderedDict(['', P.dict(['version', P.int(1)])])]), 'b')), [1, 2, 3, 4]],
    ['Parameter', pt(P.file(P.dict(['w', P.reduce(P.global('torch._utils', '_rebuild_parameter'), tensor, latin('\x88'), P.orderedDict())]))), [1, 2, 3, 4]],
    ['tensor subclass', pt(P.file(P.dict(['w', P.reduce(P.global('torch._tensor', '_rebuild_from_type_v2'), P.global('torch._utils', '_rebuild_tensor_v2'), P.global('torch', 'Tensor'), P.tuple(P.storage('0', 4), P.int(0), P.ints([4]), P.ints([1])), P.dict())]))), [1, 2, 3, 4]],
    ['transposed', view([2, 2], [1, 2]), [1, 3, 2, 4]],
    ['offset slice', view([2], [1], 2), [3, 4]],
    ['every second', view([2], [2], 1), [2, 4]],
    ['expanded', view([3, 2], [0, 1]), [1, 2, 1, 2, 1, 2]],
    ['0-d', view([], [], 3), [4]],
    ['empty', view([0, 5], [5, 1]), []],
    ['a lone tensor', pt(P.file(tensor)), [1, 2, 3, 4]],
    ['protocol 0 strings', pt(join("(dp0\nS'w'\np1\n", tensor, 's.')), [1, 2, 3, 4]],
    ['legacy', legacy(flat), [1, 2, 3, 4]],
    ['data.pkl without a root', pt(flat, undefined, [], ''), [1, 2, 3, 4]],
  ])('%s', async (_, bytes, values) => {
    const checkpoint = await loaded('w.pt', bytes);
    expect(checkpoint.format).toBe('PyTorch');
    expect(await valuesOf(checkpoint, 'w')).toEqual(values);
    expect(checkpoint.warnings).toEqual([]);
  });

  it('posix.system after good tensors is named and does nothing', async () => {
    const checkpoint = await loaded('w.pt', pt(withTensor(['x', system])));
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4]);
    expect(checkpoint.warnings.join(' ')).toContain('posix.system');
  });

  it('a __proto__ key is a name', async () => {
    const checkpoint = await loaded('w.pt', pt(P.file(P.dict(['__proto__', tensor], ['constructor', P.dict(['prototype', P.int(1)])]))));
    expect(await valuesOf(checkpoint, '__proto__')).toEqual([1, 2, 3, 4]);
    expect(checkpoint.metadata.get('constructor.prototype')).toBe('1');
    expect(({} as Record<string, unknown>).prototype).toBeUndefined();
  });

  it('a dict that contains itself', async () => {
    const checkpoint = await loaded('w.pt', pt(P.file('}q\x01', P.str('self'), 'h\x01s', P.str('w'), tensor, 's')));
    expect(await valuesOf(checkpoint, 'w')).toEqual([1, 2, 3, 4]);
    expect(checkpoint.warnings.join(' ')).toContain('contains itself');
  });

  it('a numpy scalar, a Namespace, dtypes and devices are settings', async () => {
    const encoded = P.reduce(P.global('_codecs', 'encode'), P.str('\u0000\u0000\u0000\u0000\u0000\u0000\u00f8\u003f'), P.str('latin1'));
    const dtype = join(P.reduce(P.global('numpy', 'dtype'), P.str('f8'), latin('\x89'), latin('\x88')), P.tuple(P.int(3), P.str('<'), none), 'b');
    const checkpoint = await loaded('w.pt', pt(withTensor(
      ['loss', P.reduce(P.global('numpy._core.multiarray', 'scalar'), dtype, encoded)],
      ['args', join(P.global('argparse', 'Namespace'), ')\x81', P.dict(['act', P.str('relu')], ['d', P.int(64)]), 'b')],
      ['dtype', P.global('torch', 'bfloat16')],
      ['device', P.reduce(P.global('torch', 'device'), P.str('cuda'), P.int(1))],
      ['seed', P.long(2n ** 60n + 1n)],
      ['flag', latin('\x88')],
      ['sizes', join('](', P.int(3), P.int(4), 'e')],
    )));
    expect(Object.fromEntries(checkpoint.metadata)).toEqual({ loss: '1.5', 'args.act': 'relu', 'args.d': '64', dtype: 'torch.bfloat16', device: 'cuda:1', seed: '1152921504606846977', flag: 'true', 'sizes.0': '3', 'sizes.1': '4' });
    expect(checkpoint.warnings).toEqual([]);
  });

  it('Lightning: the state_dict is taken, the training state named', async () => {
    const checkpoint = await loaded('epoch=1.ckpt', pt(P.file(P.dict(
      ['epoch', P.int(1)], ['pytorch-lightning_version', P.str('2.4')], ['state_dict', P.orderedDict(['net.w', tensor])],
      ['optimizer_states', join('](', P.dict(['exp_avg', tensor]), 'e')], ['lr_schedulers', latin(']')], ['hyper_parameters', P.dict(['hidden', P.int(8)])],
    ))));
    expect([...checkpoint.tensors.keys()]).toEqual(['net.w']);
    expect(checkpoint.metadata.get('hyper_parameters.hidden')).toBe('8');
    expect(checkpoint.warnings.join(' ')).toContain('"optimizer_states" (1 tensor), "lr_schedulers"');
  });

  it('scalars that a training loop kept as tensors become metadata, as the loss of nanoGPT', async () => {
    const checkpoint = await loaded('ckpt.pt', pt(P.file(P.dict(['model', P.dict(['w', tensor])], ['best_val_loss', P.tensor('0', 4, [], [], 2)], ['iter_num', P.int(7)]))));
    expect([[...checkpoint.tensors.keys()], checkpoint.warnings]).toEqual([['w'], []]);
    expect([checkpoint.metadata.get('best_val_loss'), checkpoint.metadata.get('iter_num')]).toEqual(['3', '7']);
  });

  it('of two wrappers the larger wins; of equal ones the first, with a warning', async () => {
    const larger = await loaded('w.pt', pt(P.file(P.dict(['model', P.dict(['a', tensor])], ['ema', P.dict(['a', tensor], ['b', tensor])]))));
    expect([...larger.tensors.keys()]).toEqual(['a', 'b']);
    const equal = await loaded('w.pt', pt(P.file(P.dict(['ema', P.dict(['a', tensor])], ['model', P.dict(['m', tensor])]))));
    expect([...equal.tensors.keys()]).toEqual(['m']);
    expect(equal.warnings[0]).toContain('"model" and "ema" hold 1 tensors each');
  });

  it('nested dicts join with dots; wrapper prefixes go, again and again', async () => {
    const nested = await loaded('w.pt', pt(P.file(P.dict(['encoder', P.dict(['0', P.dict(['weight', tensor])])], ['decoder', P.dict([P.int(1), tensor])]))));
    expect([...nested.tensors.keys()]).toEqual(['decoder.1', 'encoder.0.weight']);
    const stripped = await loaded('w.pt', pt(P.file(P.dict(['_orig_mod.module.fc.weight', tensor], ['_orig_mod.module.fc.bias', tensor]))));
    expect([...stripped.tensors.keys()]).toEqual(['fc.bias', 'fc.weight']);
    expect(stripped.shared).toEqual([['fc.weight', 'fc.bias']]);
  });

  it('an object of an unknown class gives its settings, its class is named', async () => {
    const config = join(P.global('transformer_lens', 'HookedTransformerConfig'), ')\x81', P.dict(['act_fn', P.str('gelu')]), 'b');
    const checkpoint = await loaded('w.pt', pt(withTensor(['config', config])));
    expect(checkpoint.metadata.get('config.act_fn')).toBe('gelu');
    expect(checkpoint.warnings.join(' ')).toContain('transformer_lens.HookedTransformerConfig');
  });
});
