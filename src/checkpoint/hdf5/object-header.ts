/** Object headers (section IV.A): a group or a dataset is a list of messages. Versions 1 and 2. */
import { refusal } from '../refusal';
import { damaged, type Blocks, type Cursor } from './bytes';

export const MESSAGE = { dataspace: 0x01, linkInfo: 0x02, datatype: 0x03, link: 0x06, external: 0x07, layout: 0x08, filters: 0x0b, attribute: 0x0c, continuation: 0x10, symbolTable: 0x11, attributeInfo: 0x15 } as const;

const MAX_MESSAGES = 100_000;
const SHARED = 2;
const PREFIX = 64;

export interface Message {
  readonly type: number;
  readonly data: Cursor;
}

/** Every message of the object at this address, in order, those of continuation blocks too. Throws InputError. */
export async function readObject(blocks: Blocks, address: number): Promise<Message[]> {
  const head = await blocks.upTo(address, PREFIX, 'an object header');
  const second = head.bytes.length >= 4 && String.fromCharCode(...head.bytes.subarray(0, 4)) === 'OHDR';
  return second ? readSecond(blocks, address, head) : readFirst(blocks, address, head);
}

async function readFirst(blocks: Blocks, address: number, head: Cursor): Promise<Message[]> {
  const version = head.u8();
  if (version !== 1) throw damaged(blocks.file, `an object header of its HDF5 structure has version ${version}; expected 1 or 2`);
  head.skip(7);
  const size = head.u32();
  return follow(blocks, await blocks.read(address + 16, size, 'an object header'), (block) => {
    const type = block.u16();
    const length = block.u16();
    const flags = block.u8();
    block.skip(3);
    return { type, length, flags };
  });
}

async function readSecond(blocks: Blocks, address: number, head: Cursor): Promise<Message[]> {
  head.skip(4);
  const version = head.u8();
  if (version !== 2) throw damaged(blocks.file, `an object header of its HDF5 structure has version ${version}; expected 1 or 2`);
  const flags = head.u8();
  head.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  const size = head.uint(1 << (flags & 3));
  const inside = (block: Cursor) => {
    const type = block.u8();
    const length = block.u16();
    const messageFlags = block.u8();
    if (flags & 4) block.skip(2);
    return { type, length, flags: messageFlags };
  };
  return follow(blocks, await blocks.read(address + head.at, size, 'an object header'), inside, flags & 4 ? 6 : 4);
}

/** `smallest`: bytes of a message of version 2 without data; fewer at the end of a block are a gap. Its continuation blocks begin with 'OCHK' and end with a checksum. */
async function follow(blocks: Blocks, first: Cursor, inside: (block: Cursor) => { type: number; length: number; flags: number }, smallest?: number): Promise<Message[]> {
  const messages: Message[] = [];
  const waiting = [first];
  for (let block = waiting.shift(); block !== undefined; block = waiting.shift()) {
    while (block.left >= (smallest ?? 8)) {
      const { type, length, flags } = inside(block);
      const data = block.part(length, 'a message');
      if (flags & SHARED && type !== MESSAGE.attribute) throw refusal('hdf5-shared', blocks.file, 'an object of its HDF5 structure keeps its type in another object (a committed datatype); expected types in place, as Keras writes them. Save it again with Keras.');
      if (messages.length >= MAX_MESSAGES) throw damaged(blocks.file, `an object header of its HDF5 structure has more than ${MAX_MESSAGES} messages`);
      if (type !== MESSAGE.continuation) {
        messages.push({ type, data });
        continue;
      }
      const address = data.address();
      const size = data.length();
      if (address === null) throw damaged(blocks.file, 'an object header of its HDF5 structure goes on nowhere');
      const next = await blocks.read(address, size, 'an object header');
      if (smallest === undefined) waiting.push(next);
      else {
        next.expect('OCHK');
        waiting.push(next.part(Math.max(0, next.left - 4)));
      }
    }
  }
  return messages;
}
