/** Attributes that are text (section IV.A.2.m), by value; all others are passed over. */
import { count, refusal } from '../refusal';
import { damaged, utf8, type Blocks } from './bytes';
import { readDataspace, readDatatype } from './datatype';
import { MESSAGE, type Message } from './object-header';

const MAX_TEXT = 2 ** 26;

/** Name -> texts. Throws InputError. */
export async function textAttributes(blocks: Blocks, messages: readonly Message[], heap: GlobalHeap): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { type, data } of messages) {
    if (type === MESSAGE.attributeInfo) {
      data.skip(1);
      data.skip(data.u8() & 1 ? 2 : 0);
      if (data.address() !== null) throw refusal('hdf5-dense', blocks.file, 'its attributes are stored as fractal heaps (h5py with libver="latest"), which are not read here; expected what Keras writes. Save it again with Keras.');
    }
    if (type !== MESSAGE.attribute) continue;
    const version = data.u8();
    const flags = data.u8();
    if (version < 1 || version > 3) throw damaged(blocks.file, `an attribute of its HDF5 structure has version ${version}; expected 1 to 3`);
    const [nameSize, typeSize, spaceSize] = [data.u16(), data.u16(), data.u16()];
    if (version === 3) data.skip(1);
    const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
    const name = data.part(padded(nameSize)).text();
    const typed = data.part(padded(typeSize));
    const space = data.part(padded(spaceSize));
    // Types and spaces that lie elsewhere belong to no attribute that Keras writes.
    if (version > 1 && flags & 3) continue;
    const datatype = readDatatype(typed);
    if (datatype.kind !== 'text' && datatype.kind !== 'heap-text') continue;
    const n = (readDataspace(space, blocks.file) ?? [0]).reduce((a, b) => a * b, 1);
    if (!(n * datatype.width <= data.left)) throw damaged(blocks.file, `an attribute of its HDF5 structure counts ${count(n)} texts, more than it has bytes`, name);
    const texts: string[] = [];
    for (let i = 0; i < n; i++) {
      if (datatype.kind === 'text') texts.push(utf8(untilZero(data.take(datatype.width))));
      else {
        const item = data.part(datatype.width);
        const length = item.u32();
        const at = item.address();
        texts.push(at === null || length === 0 ? '' : utf8(untilZero((await heap.object(at, item.u32())).subarray(0, length))));
      }
    }
    found.set(name, texts);
  }
  return found;
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Texts of variable length (section III.E). Each collection is read once. */
export class GlobalHeap {
  private readonly collections = new Map<number, Promise<Map<number, Uint8Array>>>();

  constructor(private readonly blocks: Blocks) {}

  async object(address: number, index: number): Promise<Uint8Array> {
    let collection = this.collections.get(address);
    if (!collection) this.collections.set(address, (collection = this.read(address)));
    const bytes = (await collection).get(index);
    if (!bytes) throw damaged(this.blocks.file, `a text of its HDF5 structure should be object ${index} of a heap that has none`);
    return bytes;
  }

  private async read(address: number): Promise<Map<number, Uint8Array>> {
    const { blocks } = this;
    const head = await blocks.read(address, 8 + blocks.widths.length, 'a heap of texts');
    head.expect('GCOL');
    head.skip(4);
    const size = head.length();
    if (size > MAX_TEXT) throw refusal('hdf5-text', blocks.file, `a heap of texts has ${count(size)} bytes; at most ${count(MAX_TEXT)} are read.`);
    const body = await blocks.read(address + head.at, Math.max(0, size - head.at), 'a heap of texts');
    const objects = new Map<number, Uint8Array>();
    while (body.left >= 8 + blocks.widths.length) {
      const index = body.u16();
      body.skip(6);
      const length = body.length();
      if (index === 0) break;
      objects.set(index, body.take(length));
      body.align(8, -head.at);
    }
    return objects;
  }
}
