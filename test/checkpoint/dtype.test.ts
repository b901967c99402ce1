/** bf16 to float32, whatever the length and wherever it lies. */
import { expect, it } from 'vitest';
import { decodeInto } from '../../src/checkpoint/dtype';

const words = Uint16Array.of(0x3f80, 0xbf80, 0x0000, 0x8000, 0x7f80, 0xff80, 0x0001, 0x4049, 0xc2f7);
const values = [1, -1, 0, -0, Infinity, -Infinity, 2 ** -133, 3.140625, -123.5];

it.each([0, 1, 2, 3])('%i bytes into a buffer', (offset) => {
  for (const length of [0, 1, 2, 8, 9]) {
    const buffer = new Uint8Array(offset + 2 * length);
    buffer.set(new Uint8Array(words.buffer, 0, 2 * length), offset);
    const out = new Float32Array(length + 2).fill(7);
    decodeInto('bf16', buffer.subarray(offset), out, 1);
    expect([...out]).toEqual([7, ...values.slice(0, length), 7]);
  }
});
