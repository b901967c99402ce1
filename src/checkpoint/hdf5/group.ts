/** The members of a group: symbol tables (section III: B-tree version 1, local heap, symbol nodes) and link messages (IV.A.2.g). */
import { refusal } from '../refusal';
import { damaged, utf8, type Blocks, type Cursor } from './bytes';
import { MESSAGE, type Message } from './object-header';

const SOFT = 2;
const MAX_DEPTH = 32;

/** Name -> address of the object header; null where the object is no group. Links to names and other files are left out. Throws InputError. */
export async function membersOf(blocks: Blocks, messages: readonly Message[]): Promise<Map<string, number> | null> {
  const members = new Map<string, number>();
  let isGroup = false;
  for (const { type, data } of messages) {
    if (type === MESSAGE.symbolTable) {
      isGroup = true;
      await readSymbolTable(blocks, data, members);
    } else if (type === MESSAGE.link) {
      isGroup = true;
      readLink(blocks, data, members);
    } else if (type === MESSAGE.linkInfo) {
      isGroup = true;
      data.skip(1);
      data.skip(data.u8() & 1 ? 8 : 0);
      if (data.address() !== null) {
        throw refusal('hdf5-dense', blocks.file, 'its groups are stored as fractal heaps (h5py with libver="latest"), which are not read here; expected what Keras writes. Save it again with Keras.');
      }
    }
  }
  return isGroup ? members : null;
}

async function readSymbolTable(blocks: Blocks, data: Cursor, members: Map<string, number>): Promise<void> {
  const tree = data.address();
  const heap = data.address();
  if (tree === null || heap === null) throw damaged(blocks.file, 'a group of its HDF5 structure has no table of members');
  const head = await blocks.read(heap, 8 + 2 * blocks.widths.length + blocks.widths.offset, 'a heap of names');
  head.expect('HEAP');
  head.skip(4);
  const size = head.length();
  head.length();
  const at = head.address();
  if (at === null) throw damaged(blocks.file, 'a heap of names in its HDF5 structure has no data');
  const names = await blocks.read(at, size, 'a heap of names');
  for await (const node of leaves(blocks, tree, 0, () => blocks.widths.length, 'a group')) await readSymbols(blocks, node.child, names, members);
}

async function readSymbols(blocks: Blocks, address: number, names: Cursor, members: Map<string, number>): Promise<void> {
  const width = 2 * blocks.widths.offset + 24;
  const head = await blocks.read(address, 8, 'a symbol node');
  head.expect('SNOD');
  head.skip(2);
  const entries = await blocks.read(address + 8, head.u16() * width, 'a symbol node');
  while (entries.left >= width) {
    const nameAt = entries.uint(blocks.widths.offset);
    const object = entries.address();
    const cache = entries.u32();
    entries.skip(20);
    if (cache === SOFT || object === null) continue;
    if (nameAt > names.bytes.length) throw damaged(blocks.file, 'a member of a group in its HDF5 structure has its name outside the heap');
    names.at = nameAt;
    add(blocks, members, names.text(), object);
  }
}

function readLink(blocks: Blocks, data: Cursor, members: Map<string, number>): void {
  data.skip(1);
  const flags = data.u8();
  const kind = flags & 8 ? data.u8() : 0;
  data.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
  const name = utf8(data.take(data.uint(1 << (flags & 3))));
  const object = kind === 0 ? data.address() : null;
  if (object !== null) add(blocks, members, name, object);
}

function add(blocks: Blocks, members: Map<string, number>, name: string, object: number): void {
  if (members.has(name)) throw refusal('duplicate-name', blocks.file, 'a group names two members the same; expected every name once. Save it again with Keras.', name);
  members.set(name, object);
}

/**
 * The entries of a version 1 B-tree from left to right: the key in front of each child, and the child.
 * @param kind 0 for groups, 1 for chunks
 * @param keySize bytes of a key
 */
export async function* leaves(blocks: Blocks, root: number, kind: 0 | 1, keySize: () => number, what: string): AsyncGenerator<{ key: Cursor; child: number }> {
  const { offset } = blocks.widths;
  const key = keySize();
  const waiting: { address: number; level: number | null }[] = [{ address: root, level: null }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const head = await blocks.read(next.address, 8 + 2 * offset, `the index of ${what}`);
    head.expect('TREE');
    const found = head.u8();
    const level = head.u8();
    const entries = head.u16();
    if (found !== kind || level > MAX_DEPTH || (next.level !== null && level !== next.level - 1)) throw damaged(blocks.file, `the index of ${what} in its HDF5 structure is of the wrong kind or depth`);
    const body = await blocks.read(next.address + 8 + 2 * offset, entries * (key + offset), `the index of ${what}`);
    const inner: { address: number; level: number }[] = [];
    for (let i = 0; i < entries; i++) {
      const keyed = body.part(key);
      const child = body.address();
      if (child === null) throw damaged(blocks.file, `the index of ${what} in its HDF5 structure points nowhere`);
      if (level > 0) inner.push({ address: child, level });
      else yield { key: keyed, child };
    }
    waiting.push(...inner.reverse());
  }
}
