/**
 * Pictures and arrays of pixels as inputs of a network: channels made as many as it has, the size made its own, whole numbers scaled, and laid out
 * in its order. Every step that changes a value is a sentence.
 */
import { InputError } from '../base/errors';
import type { PicturesContent } from './content';
import type { ProbeArray } from './file';
import { decidePixels, type PixelScale, type Preprocessor } from './pixels';
import { classesOf, classWords, inTurn } from './classes';
import { beforeCrop, framed, type Framing } from './framing';
import { resized } from './resize';
import type { ImageSpec, Probe, ProbeChoice, ProbeInputs, ProbeSpec } from './types';

/** Values of all inputs together. */
const MAX_VALUES = 2 ** 26;
/** Sides may differ from the network's by this factor more in one direction than in the other. */
const MOST_SQUEEZE = 1.25;
/** Weights of red, green and blue in grey (ITU-R BT.601, as Pillow's mode L). */
const LUMA = [0.299, 0.587, 0.114] as const;

export interface PreparedImages {
  readonly inputs: ProbeInputs & { readonly kind: 'vector' };
  readonly evidence: readonly string[];
  readonly choices: readonly ProbeChoice[];
}

/** One image [height, width, channels]; whole numbers of 0 to `most`, or null where the values are taken as they are. */
interface Pixels {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly most: number | null;
  values(): Promise<ArrayLike<number>>;
}

/** @throws InputError */
export async function probeFromPictures(content: PicturesContent, spec: ProbeSpec, preprocessor: (channels: number) => Preprocessor | null): Promise<Probe> {
  const { file, pictures, warnings } = content;
  const { image, guess } = imageOf(file, spec);
  const classes = classesOf(pictures.map(({ name }) => name));
  const labelled = classes !== null && classes.names.length <= spec.outputs;
  const order = labelled ? inTurn(classes) : pictures.map((_, i) => i);
  const { inputs, evidence, choices } = await prepareImages(file, order.map((i) => pictures[i]!), image, spec, preprocessor(image.channels), guess !== null);
  const used = inputs.samples < pictures.length ? `the first ${inputs.samples} of ${pictures.length} pictures` : pictures.length === 1 ? 'one picture' : `${pictures.length} pictures`;
  return {
    kind: 'pictures',
    description: `${file}: ${used} as [${sizeOf(image)}], ${labelled ? `with their folders as ${classes.names.length} classes` : 'no targets'}`,
    evidence: [
      ...(guess === null ? [] : [guess]),
      ...(classes === null ? [] : [labelled ? `folders are classes in the order of their names, as torchvision's ImageFolder has them: ${classWords(classes)}` : `${classes.names.length} folders are more than the ${spec.outputs} outputs of the network: they are not read as classes`]),
      ...evidence,
      ...warnings,
    ],
    choices,
    inputs,
    targets: labelled ? { kind: 'labels', labels: Int32Array.from(order.slice(0, inputs.samples), (i) => classes.labels[i]!) } : null,
  };
}

/** What image the network takes: what it says itself, or what its width allows, and then the sentence that says so. */
function imageOf(file: string, { input }: ProbeSpec): { image: ImageSpec; guess: string | null } {
  const fail = (text: string) => new InputError('probe-pictures', `${file}: pictures feed networks that take images, and ${text}`, { file });
  if (input.kind === 'tokens') throw fail('this one takes token ids. Drop a text with its tokenizer.json, or an array of ids.');
  if (input.image) return { image: input.image, guess: null };
  for (const channels of [1, 3]) {
    const side = Math.round(Math.sqrt(input.width / channels));
    if (channels * side * side !== input.width) continue;
    const image: ImageSpec = { channels, height: side, width: side, order: 'chw' };
    return { image, guess: `the network takes ${input.width} values and does not say of what: pictures of ${side} × ${side} pixels${channels === 3 ? ', red before green before blue,' : ''} are read into them row by row` };
  }
  throw fail(`this one takes ${input.width} values, which are no square picture of one or three channels. Give an array of inputs.`);
}

/** An array of more than two dimensions, or one of whole numbers of which it is known that they are pixels. @throws InputError */
export async function imagesOfArray(file: string, array: ProbeArray, spec: ProbeSpec, preprocessor: (channels: number) => Preprocessor | null): Promise<PreparedImages> {
  const { input } = spec;
  if (input.kind === 'tokens') throw new Error('internal: arrays of images feed vectors');
  const { shape } = array;
  const count = shape[0]!;
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  const flat: ImageSpec = { channels: 1, height: 1, width: input.width, order: 'hwc' };
  const image = input.image ?? flat;
  const layout = layoutOf(file, shape, image, input.image !== undefined, size === input.width);
  const most = array.integers ? (array.most ?? (array.values.every((v) => v <= 255) ? 255 : 65535)) : null;
  if (most !== null && array.values.some((v) => v < 0 || v > most)) {
    throw new InputError('probe-pixels', `${file}: 'inputs' holds whole numbers outside 0 to ${most}, which are no pixels. Give floating-point values, as the network takes them.`, { file, tensor: 'inputs' });
  }
  const pixels = Array.from({ length: count }, (_, i): Pixels => ({
    name: `image ${i} of ${file}`, ...layout, most,
    values: async () => layout.pixels(array.values.subarray(i * size, (i + 1) * size)),
  }));
  const prepared = await prepareImages(file, pixels, image, spec, most === null ? null : preprocessor(image.channels), input.image === undefined);
  return { ...prepared, evidence: [layout.sentence, ...prepared.evidence] };
}

interface Layout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly sentence: string;
  /** One image as [height, width, channels]. */
  pixels(values: Float32Array | Float64Array): ArrayLike<number>;
}

/** Which axis of an array [N, …] is which. */
function layoutOf(file: string, shape: readonly number[], image: ImageSpec, known: boolean, fits: boolean): Layout {
  const shown = `[${shape.join(', ')}]`;
  const [, a = 1, b = 1, c = 1] = shape as [number, number?, number?, number?];
  const asHwc = { pixels: (values: ArrayLike<number>) => values };
  if (!known || shape.length === 2) {
    if (!fits) throw new InputError('probe-width', `${file}: 'inputs' has shape ${shown}; this model takes ${known ? `images [${sizeOf(image)}]` : `vectors of width ${image.width}`}.`, { file, tensor: 'inputs' });
    if (!known) return { channels: 1, height: 1, width: image.width, sentence: `inputs ${shown} are read as they lie, as vectors of width ${image.width}`, ...asHwc };
    if (image.order === 'hwc') return { ...image, sentence: `inputs ${shown} are read as [height, width, channels], the order of the network`, ...asHwc };
    return { ...image, sentence: `inputs ${shown} are read as [channels, height, width], the order of the network`, pixels: (values) => channelsLast(values, image.channels) };
  }
  if (shape.length === 3) return { channels: 1, height: a, width: b, sentence: `inputs ${shown} are read as [samples, height, width]`, ...asHwc };
  const first = { channels: a, height: b, width: c, sentence: `inputs ${shown} are read as [samples, channels, height, width]`, pixels: (values: ArrayLike<number>) => channelsLast(values, a) };
  const last = { channels: c, height: a, width: b, sentence: `inputs ${shown} are read as [samples, height, width, channels]`, ...asHwc };
  const exact = [first, last].filter((l) => l.channels === image.channels && l.height === image.height && l.width === image.width);
  const possible = exact.length > 0 ? exact : [first, last].filter((l) => l.channels === image.channels || l.channels === 1 || l.channels === 3);
  const chosen = possible.length === 2 && image.order === 'hwc' ? last : possible[0];
  if (shape.length > 4 || !chosen) {
    throw new InputError('probe-shape', `${file}: 'inputs' has shape ${shown}; images are [N, h, w], [N, c, h, w] or [N, h, w, c], and this model takes [${sizeOf(image)}].`, { file, tensor: 'inputs' });
  }
  return possible.length === 2 ? { ...chosen, sentence: `${chosen.sentence}, the order of the network; both orders fit` } : chosen;
}

function channelsLast(values: ArrayLike<number>, channels: number): Float64Array {
  const out = new Float64Array(values.length);
  const area = values.length / channels;
  for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) out[i * channels + c] = values[c * area + i]!;
  return out;
}

/** `exact`: images of any other size are refused, since the network's own is a guess. */
async function prepareImages(file: string, all: readonly Pixels[], image: ImageSpec, spec: ProbeSpec, preprocessor: Preprocessor | null, exact: boolean): Promise<PreparedImages> {
  const size = image.channels * image.height * image.width;
  const wanted = Math.min(all.length, spec.samples ?? all.length);
  const samples = Math.min(wanted, Math.max(1, Math.floor(MAX_VALUES / size)));
  const list = all.slice(0, samples);
  if (list.length === 0) throw new InputError('probe-empty', `${file}: there is no image in it. Give at least one.`, { file });
  const whole = list.some((p) => p.most !== null);
  const decided = whole ? decidePixels(image, preprocessor, spec.choices?.pixels) : null;
  const recorded = preprocessor?.framing ?? null;
  const framing = recorded?.crop?.height === image.height && recorded.crop.width === image.width ? recorded : null;
  const values = new Float64Array(samples * size);
  let [least, largest] = [Infinity, -Infinity];
  for (const [i, pixels] of list.entries()) {
    if (framing === null) checkSize(file, pixels, image, exact, preprocessor?.squeezes === true);
    else checkFraming(file, pixels, image, framing, preprocessor!.file);
    const { height, width } = pixels;
    let now = recoloured(await pixels.values(), pixels.channels, image.channels);
    const bad = now.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) throw new InputError('probe-not-finite', `${file}: ${pixels.name} holds ${now[bad]}. Remove such samples and try again.`, { file });
    if (framing !== null) now = framed({ height, width, values: now }, image.channels, framing).values;
    else if (height !== image.height || width !== image.width) now = resized(now, height, width, image.channels, image.height, image.width);
    now = scaled(now, image.channels, pixels.most, decided?.scale ?? null);
    for (const v of now) {
      if (v < least) least = v;
      if (v > largest) largest = v;
    }
    lay(now, image, values.subarray(i * size, (i + 1) * size));
  }
  return {
    inputs: { kind: 'vector', values, samples, width: size },
    choices: decided ? [decided.choice] : [],
    evidence: [
      ...(samples < wanted ? [`${wanted - samples} images were left out: more than ${MAX_VALUES} values are not held at once`] : []),
      ...recolouring(list, image),
      ...(framing === null ? resizing(list, image) : [`${framingWords(framing)}, as ${preprocessor!.file} records it`]),
      ...(recorded !== null && framing === null ? [`${preprocessor!.file} records a crop to ${recorded.crop!.width} × ${recorded.crop!.height}, which is not what this network takes: it is not done`] : []),
      ...(decided ? [`${decided.choice.evidence}${decided.choice.assumed ? ' (assumed)' : ''}`] : ['floating-point values are taken as the network takes them: not scaled']),
      ...(decided === null && largest > 16 && least >= 0 ? [`they reach ${largest}: networks are seldom given pixels that were not scaled`] : []),
    ],
  };
}

function checkSize(file: string, { name, height, width }: Pixels, image: ImageSpec, exact: boolean, squeezes: boolean): void {
  if (height === image.height && width === image.width) return;
  const has = `${name} has ${width} × ${height} pixels; this network takes ${image.width} × ${image.height}`;
  const where = name.includes(file) ? has : `${file}: ${has}`;
  if (exact) throw new InputError('probe-size', `${where}. Resize it first: what the network's inputs are is only guessed.`, { file });
  const shape = (width / height) / (image.width / image.height);
  if (!squeezes && Math.max(shape, 1 / shape) > MOST_SQUEEZE) throw new InputError('probe-aspect', `${where}, and squeezing it that far would change what it shows. Crop it first.`, { file });
}

/** A narrow picture whose shorter side becomes as long as a network wants it would be too long on its way to the crop. */
function checkFraming(file: string, { name, height, width }: Pixels, { channels }: ImageSpec, { resize }: Framing, recordedIn: string): void {
  const [toHeight, toWidth] = beforeCrop(height, width, resize);
  // Resized across first, then down.
  if (channels * Math.max(height, toHeight) * toWidth <= MAX_VALUES) return;
  const has = `${name} has ${width} × ${height} pixels`;
  throw new InputError('probe-size', `${name.includes(file) ? has : `${file}: ${has}`} and would have ${toWidth} × ${toHeight} before it is cropped as ${recordedIn} records it, more than are held at once. Crop it first.`, { file });
}

/** [pixels * from] -> [pixels * to] */
function recoloured(values: ArrayLike<number>, from: number, to: number): Float64Array {
  if (from === to) return Float64Array.from(values);
  const count = values.length / from;
  const out = new Float64Array(count * to);
  for (let i = 0; i < count; i++) {
    if (from === 1) out.fill(values[i]!, i * to, (i + 1) * to);
    else out[i] = LUMA[0] * values[3 * i]! + LUMA[1] * values[3 * i + 1]! + LUMA[2] * values[3 * i + 2]!;
  }
  return out;
}

function recolouring(list: readonly Pixels[], { channels }: ImageSpec): string[] {
  const grey = list.filter((p) => p.channels === 1).length;
  const odd = list.find((p) => p.channels !== channels && p.channels !== 1 && !(p.channels === 3 && channels === 1));
  if (odd) throw new InputError('probe-channels', `${odd.name} has ${odd.channels} channels; this network takes ${channels}.`);
  const many = (n: number) => (n === list.length ? 'grey images' : `${n} grey images`);
  if (channels > 1 && grey > 0) return [`${many(grey)} are repeated in all ${channels} channels`];
  const coloured = list.length - grey;
  return channels === 1 && coloured > 0 ? [`${coloured === list.length ? 'colours' : `${coloured} images in colour`} are read as grey: ${LUMA.join(', ')} of red, green and blue`] : [];
}

function resizing(list: readonly Pixels[], { height, width }: ImageSpec): string[] {
  const odd = list.filter((p) => p.height !== height || p.width !== width);
  if (odd.length === 0) return [];
  const sizes = [...new Set(odd.map((p) => `${p.width} × ${p.height}`))];
  const from = sizes.length > 3 ? `${sizes.length} sizes` : sizes.join(', ');
  return [`${odd.length} of ${list.length} ${list.length === 1 ? 'image' : 'images'} (${from} pixels) resized to ${width} × ${height}, bilinear over the area of a pixel as Pillow and torchvision do`];
}

function framingWords({ resize, crop, filter }: Framing): string {
  const size = resize === null ? null : 'edge' in resize ? `the shorter side resized to ${resize.edge}` : `resized to ${resize.width} × ${resize.height}`;
  return `${size === null ? '' : `${size}, ${filter}, then `}the ${crop!.width} × ${crop!.height} pixels at the centre`;
}

function scaled(values: Float64Array, channels: number, most: number | null, scale: PixelScale | null): Float64Array {
  if (most === null || scale === null) return values;
  const { rescale, mean, deviation } = scale;
  return values.map((v, i) => ((v * (255 / most)) * rescale - mean[i % channels]!) / deviation[i % channels]!);
}

/** [height, width, channels] in the order of the network. */
function lay(values: Float64Array, { channels, order }: ImageSpec, out: Float64Array): void {
  if (order === 'hwc') return out.set(values);
  const area = values.length / channels;
  for (let i = 0; i < area; i++) for (let c = 0; c < channels; c++) out[c * area + i] = values[i * channels + c]!;
}

function sizeOf({ channels, height, width, order }: ImageSpec): string {
  return (order === 'chw' ? [channels, height, width] : [height, width, channels]).join(', ');
}
