/** SHA-256 (FIPS 180-4): the platform's where there is one; pages of insecure origins have no crypto.subtle and take ours. */

/** 64 lower-case hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  return subtle ? hexadecimal(new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))) : sha256AtOnce(bytes);
}

/** The same without waiting, several times slower. */
export function sha256AtOnce(bytes: Uint8Array): string {
  return hexadecimal(sha256Portable(bytes));
}

function hexadecimal(digest: Uint8Array): string {
  return Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** The first 32 bits of the fractional part of x. */
const fraction = (x: number) => ((x - Math.floor(x)) * 4294967296) | 0;
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0));
const K = Int32Array.from(PRIMES.slice(0, 64), (p) => fraction(Math.cbrt(p)));
const START = Int32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));

export function sha256Portable(bytes: Uint8Array): Uint8Array {
  return new Sha256().update(bytes).digest();
}

/** SHA-256 of bytes that come in pieces. */
export class Sha256 {
  private readonly state = START.slice();
  private readonly words = new Int32Array(64);
  /** What does not fill a block yet. */
  private readonly rest = new Uint8Array(64);
  private length = 0;

  update(bytes: Uint8Array): this {
    let at = 0;
    const held = this.length % 64;
    this.length += bytes.length;
    if (held > 0) {
      at = Math.min(64 - held, bytes.length);
      this.rest.set(bytes.subarray(0, at), held);
      if (held + at < 64) return this;
      this.block(this.rest, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
    this.rest.set(bytes.subarray(at));
    return this;
  }

  /** The 32 bytes; nothing may be added afterwards. */
  digest(): Uint8Array {
    const { length } = this;
    const end = new Uint8Array(64 - ((length + 8) % 64) + 8);
    const view = new DataView(end.buffer);
    end[0] = 0x80;
    view.setUint32(end.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(end.length - 4, length << 3);
    this.update(end);
    const digest = new Uint8Array(32);
    this.state.forEach((x, i) => new DataView(digest.buffer).setInt32(4 * i, x));
    return digest;
  }

  hexadecimal(): string {
    return hexadecimal(this.digest());
  }

  private block(bytes: Uint8Array, from: number): void {
    const w = this.words;
    for (let t = 0, at = from; t < 16; t++, at += 4) w[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15]!;
      const y = w[t - 2]!;
      w[t] = (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)) + w[t - 7]! + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + w[t - 16]!;
    }
    mix(this.state, w);
  }
}

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n));

/** The 64 rounds of one block. */
function mix(state: Int32Array, w: Int32Array): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[t]! + w[t]!) | 0;
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}
