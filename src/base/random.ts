/** Seeded, splittable random numbers: the same seed gives the same bits in every browser and in Node. */
import { log } from './elementary';

/** One step of splitmix32, used to spread a seed over a state. */
function mix(x: number): number {
  x = (x + 0x9e3779b9) | 0;
  let z = x;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** FNV-1a of a label, so that streams split by name are independent of the order of splitting. */
function hash(label: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** xoshiro128** (Blackman & Vigna 2018) seeded by splitmix32. */
export class Random {
  /** Not fields: numbers above 2^31 would be boxed at each step. */
  private readonly state: Uint32Array;
  /** The second number of a pair that was not asked for yet; NaN where there is none (a number, so that none is boxed). */
  private spare = NaN;

  constructor(readonly seed: number) {
    let x = seed >>> 0;
    const next = () => (x = mix(x));
    this.state = Uint32Array.of(next(), next(), next(), next() | 1);
  }

  /** An independent stream for one purpose. */
  split(label: string): Random {
    return new Random(mix((this.seed >>> 0) ^ hash(label)));
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.state;
    const x = Math.imul(s[1]!, 5);
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, n), n < 2^32, without modulo bias. */
  integer(n: number): number {
    const limit = 4294967296 - (4294967296 % n);
    for (;;) {
      const x = this.bits();
      if (x < limit) return x % n;
    }
  }

  /** Standard normal by Marsaglia's polar method. */
  normal(): number {
    const z = this.spare;
    if (!Number.isNaN(z)) {
      this.spare = NaN;
      return z;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const r = Math.sqrt((-2 * log(s)) / s);
        this.spare = v * r;
        return u * r;
      }
    }
  }

  normals(n: number): Float64Array {
    const values = new Float64Array(n);
    for (let i = 0; i < n; i++) values[i] = this.normal();
    return values;
  }
}
