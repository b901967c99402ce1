/** What may stand between the maps of a stack of convolutions, so that the image that is left gives the inputs of the first dense layer. */
import { USUAL_SIZES } from '../image-size';
import type { Chain } from './conv-chain';

export type PoolPlaces = 'each' | 'all but the last' | 'the last' | 'none';

export interface Fitting {
  /** Pixels along each side of the images. */
  readonly size: number;
  /** 'same': (kernel - 1) / 2 pixels on every side. */
  readonly padding: 'same' | 'valid';
  /** Of all windows of more than one pixel. */
  readonly stride: number;
  /** After which convolutions a pool of 2 x 2 stands, of those behind which there is room. */
  readonly places: PoolPlaces;
}

/** What may follow each convolution. */
export interface Joint {
  /** Whether an activation stands there. */
  readonly active: boolean;
  /** Whether there is room for a pool. */
  readonly room: boolean;
}

/** A kernel of this size nearly always moves by more than one pixel. */
const LARGE_KERNEL = 9;

export function joints({ convolutions, dense }: Chain): Joint[] {
  const [first] = dense;
  return convolutions.map(({ gap, outputs }, i) => {
    const last = i === convolutions.length - 1;
    if (last && !first) return { active: false, room: false };
    if (gap === null) return { active: true, room: !last || first!.inputs !== outputs };
    // Before a dense layer one place flattens, and one more takes the mean over the pixels.
    const taken = !last ? 0 : first!.inputs === outputs ? 2 : 1;
    return { active: gap > Math.min(taken, 1), room: gap > taken + 1 };
  });
}

/** The activation and the pool behind each convolution. */
export function fits(chain: Chain, { places }: Pick<Fitting, 'places'>): { active: boolean; pool: boolean }[] {
  return joints(chain).map(({ active, room }, i, all) => {
    const last = i === all.length - 1;
    return { active, pool: room && (places === 'each' || (places === 'all but the last' ? !last : places === 'the last' ? last : false)) };
  });
}

/** All that fit, the most usual first; or why none does. */
export function fittings(chain: Chain, fixed: Partial<Fitting>): Fitting[] | string {
  const { convolutions, dense, channels } = chain;
  const last = convolutions.at(-1)!.outputs;
  const large = convolutions.find(({ kernel }) => Math.max(...kernel) >= LARGE_KERNEL);
  if (large && fixed.stride === undefined) return `'${large.prefix}' has windows of ${large.kernel.join(' x ')} pixels, and how far they move is in no state dict: choose the stride`;
  const pixels = dense.length > 0 ? dense[0]!.inputs / last : null;
  const side = pixels === null ? null : Math.sqrt(pixels);
  if (side !== null && !Number.isInteger(side)) return `'${dense[0]!.prefix}' reads ${dense[0]!.inputs} values, which are not ${last} channels of a square image`;
  const halving = convolutions.some(({ kernel }) => kernel[0] > 2 && kernel[0] % 2 === 0);
  const any = {
    sizes: fixed.size === undefined ? USUAL_SIZES : [fixed.size],
    strides: fixed.stride === undefined ? (halving ? [2, 1] : [1, 2]) : [fixed.stride],
    paddings: fixed.padding === undefined ? (['same', 'valid'] as const) : [fixed.padding],
    places: fixed.places === undefined ? (['each', 'all but the last', 'the last', 'none'] as const) : [fixed.places],
  };
  const usual = channels === 1 ? [28, 32] : [32, 224, 64];
  const found: Fitting[] = [];
  // The most usual sizes with anything that fits; of other sizes, those with the most usual padding, and whose pools leave no pixel out.
  for (const stride of any.strides)
    for (const sizes of [usual.filter((size) => any.sizes.includes(size)).map((size) => [size]), [any.sizes]].flat())
      for (const padding of any.paddings)
        for (const places of any.places) {
          const fit = sizes.flatMap((size) => {
            const fitting: Fitting = { size, stride, padding, places };
            const left = remaining(chain, fitting);
            return left !== null && (side === null || side === 1 || left.side === side) ? [{ fitting, even: left.even }] : [];
          });
          found.push(...fit.sort((a, b) => Number(b.even) - Number(a.even)).map(({ fitting }) => fitting));
        }
  if (found.length > 0) return found;
  const want = side === null || side === 1 ? 'leaves a pixel' : `leaves the ${side} x ${side} pixels that '${dense[0]!.prefix}' reads`;
  return `no usual image size, padding, stride and places of pools (2 x 2) ${want}: choose input-size, padding, stride or pool-after`;
}

/** Pixels along each side behind the last convolution and its pool, and whether all pools divided evenly; null where a window does not fit. */
function remaining(chain: Chain, fitting: Fitting): { side: number; even: boolean } | null {
  const pools = fits(chain, fitting);
  let [height, width] = [fitting.size, fitting.size];
  let even = true;
  for (const [i, { kernel, window }] of chain.convolutions.entries()) {
    const { stride, padding } = window(fitting);
    height = Math.floor((height + 2 * padding[0] - kernel[0]) / stride[0]) + 1;
    width = Math.floor((width + 2 * padding[1] - kernel[1]) / stride[1]) + 1;
    if (pools[i]!.pool) {
      even &&= height % 2 === 0 && width % 2 === 0;
      [height, width] = [height >> 1, width >> 1];
    }
    if (height < 1 || width < 1) return null;
  }
  return height === width ? { side: height, even } : null;
}
