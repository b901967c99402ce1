/** How whole numbers of pixels become what a network takes: chosen, else as preprocessor_config.json records it, else assumed with a reason. */
import { InputError } from '../base/errors';
import type { Framing } from './framing';
import type { Filter } from './resize';
import type { ImageSpec, ProbeChoice } from './types';

/** A pixel p of 0 to 255 becomes (p * rescale - mean[c]) / deviation[c]. */
export interface PixelScale {
  readonly rescale: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** preprocessor_config.json of transformers, as far as it is followed. */
export interface Preprocessor {
  readonly file: string;
  readonly scale: PixelScale;
  /** Whether it squeezes images of any shape to the size of the network. */
  readonly squeezes: boolean;
  /** The size and the part of a picture that the network is shown; null where nothing of that is recorded. */
  readonly framing: Framing | null;
}

/** Torchvision's and timm's constants for ImageNet. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
/** Longest side of a picture that is made. */
const MAX_SIDE = 2 ** 14;
/** Rescales by default in transformers. */
const TO_UNIT = 1 / 255;

export function decidePixels(image: ImageSpec, preprocessor: Preprocessor | null, chosen: string | undefined): { choice: ProbeChoice; scale: PixelScale } {
  const same = (x: number) => new Array<number>(image.channels).fill(x);
  const scales = new Map<string, PixelScale>([
    ...(preprocessor ? [['recorded', preprocessor.scale] as const] : []),
    ['0 to 1', { rescale: TO_UNIT, mean: same(0), deviation: same(1) }],
    ['-1 to 1', { rescale: TO_UNIT, mean: same(0.5), deviation: same(0.5) }],
    ...(image.channels === 3 ? [['ImageNet', { rescale: TO_UNIT, ...IMAGENET }] as const] : []),
    ['0 to 255', { rescale: 1, mean: same(0), deviation: same(1) }],
  ]);
  const options = [...scales.keys()];
  const made = (value: string, assumed: boolean, evidence: string) => {
    const scale = scales.get(value)!;
    return { choice: { key: 'pixels', value, options, assumed, evidence: `${evidence}: ${scaleWords(scale)}` }, scale };
  };
  if (chosen !== undefined) {
    if (!scales.has(chosen)) throw new InputError('choice', `'${chosen}' is no scale of pixels that is known here; choose one of ${options.join(', ')}.`);
    return made(chosen, false, 'as chosen');
  }
  if (preprocessor) return made('recorded', false, `as ${preprocessor.file} records it`);
  if (image.pixels && scales.has(image.pixels.value)) return made(image.pixels.value, true, image.pixels.evidence);
  return made('0 to 1', true, 'no scale of pixels is recorded (drop preprocessor_config.json to give one)');
}

function scaleWords({ rescale, mean, deviation }: PixelScale): string {
  const times = rescale === 1 ? 'pixels of 0 to 255 as they are' : rescale === TO_UNIT ? 'pixels / 255' : `pixels × ${rescale}`;
  const plain = mean.every((m) => m === 0) && deviation.every((d) => d === 1);
  return plain ? times : `${times}, less ${mean.join(', ')}, over ${deviation.join(', ')}`;
}

/** Throws InputError where the file cannot be followed. */
export function readPreprocessor(file: string, text: string, channels: number): Preprocessor {
  const config = JSON.parse(text) as Record<string, unknown>;
  const perChannel = (key: string, otherwise: number): number[] => {
    const value = config[key] ?? otherwise;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    const spread = list.length === 1 ? new Array<unknown>(channels).fill(list[0]) : list;
    if (spread.length !== channels || !spread.every((x) => typeof x === 'number' && Number.isFinite(x)) || (key === 'image_std' && spread.includes(0))) {
      throw new InputError('preprocessor', `${file}: '${key}' is ${JSON.stringify(value).slice(0, 80)}; ${channels} numbers were expected, one for each channel of the network.`, { file });
    }
    return spread as number[];
  };
  const factor = config.rescale_factor ?? TO_UNIT;
  if (typeof factor !== 'number' || !Number.isFinite(factor)) throw new InputError('preprocessor', `${file}: 'rescale_factor' is ${JSON.stringify(factor).slice(0, 80)}; a number was expected.`, { file });
  const normalises = config.do_normalize !== false;
  const size = config.size as { height?: unknown; width?: unknown } | number | undefined;
  const framing = framingOf(file, config);
  return {
    file,
    scale: {
      rescale: config.do_rescale === false ? 1 : factor,
      mean: normalises ? perChannel('image_mean', 0.5) : new Array<number>(channels).fill(0),
      deviation: normalises ? perChannel('image_std', 0.5) : new Array<number>(channels).fill(1),
    },
    squeezes: config.do_resize !== false && (typeof size === 'number' || (size?.height !== undefined && size.width !== undefined)),
    framing,
  };
}

/** PIL.Image.Resampling. */
const FILTERS: ReadonlyMap<unknown, Filter> = new Map<unknown, Filter>([[undefined, 'bilinear'], [2, 'bilinear'], [3, 'bicubic']]);

/** Null where there is no crop: pictures are then brought to the size of the network anyway. Throws InputError where a step cannot be followed. */
function framingOf(file: string, config: Record<string, unknown>): Framing | null {
  if (config.do_center_crop !== true) return null;
  const wrong = (key: string, expected: string) => {
    const found = config[key] === undefined ? 'is missing' : `is ${JSON.stringify(config[key]).slice(0, 80)}`;
    return new InputError('preprocessor', `${file}: '${key}' ${found}; ${expected} expected.`, { file });
  };
  const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_SIDE;
  const sides = (key: string): { height: number; width: number } | { edge: number } => {
    const value = config[key] as { height?: unknown; width?: unknown; shortest_edge?: unknown } | number | null | undefined;
    if (isSize(value)) return key === 'size' ? { edge: value } : { height: value, width: value };
    if (typeof value === 'object' && value !== null) {
      if (isSize(value.height) && isSize(value.width)) return { height: value.height, width: value.width };
      if (isSize(value.shortest_edge) && key === 'size') return { edge: value.shortest_edge };
    }
    throw wrong(key, key === 'size' ? 'a height and a width, or a shortest_edge, were' : 'a height and a width were');
  };
  const filter = FILTERS.get(config.resample);
  if (config.do_resize !== false && !filter) throw wrong('resample', 'bilinear (2) or bicubic (3) was');
  return { resize: config.do_resize === false ? null : sides('size'), crop: sides('crop_size') as { height: number; width: number }, filter: filter ?? 'bilinear' };
}
