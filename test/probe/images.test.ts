/** Pictures and arrays of pixels become what a network takes; Pillow and transformers are the references. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Picture, PicturesContent } from '../../src/probe/content';
import { probeFromFile, type ProbeArray } from '../../src/probe/file';
import { probeFromPictures } from '../../src/probe/images';
import { readPreprocessor } from '../../src/probe/pixels';
import { resized } from '../../src/probe/resize';
import type { ImageSpec, Probe, ProbeSpec } from '../../src/probe/types';

const FOLDER = join(import.meta.dirname, '../fixtures/pictures');
const truth = JSON.parse(readFileSync(join(FOLDER, 'pictures.json'), 'utf8')) as { pixels: Record<string, { values: number[] }>; resized: Record<string, number[]>; cubic: number[]; processed: number[]; cropped: Record<'edge' | 'crop' | 'zeros', { config: object; shape: [number, number, number]; values: number[] }> };
const rgb = Float64Array.from(truth.pixels['rgb.png']!.values);
const recorded = readFileSync(join(FOLDER, 'preprocessor_config.json'), 'utf8');
const largest = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((m, d) => Math.max(m, d), 0);

const picture = (values: ArrayLike<number>, height: number, width: number, channels: number, most = 255, name = 'a.png'): Picture => ({ name, height, width, channels, most, values: async () => Float64Array.from(values) });
const pictures = (...list: Picture[]): PicturesContent => ({ kind: 'pictures', file: list[0]!.name, pictures: list, warnings: [] });
const specOf = (image: ImageSpec | null, width = 0, choices = {}, samples: number | null = null): ProbeSpec => ({
  input: { kind: 'vector', width: image ? image.channels * image.height * image.width : width, ...(image && { image }) }, outputs: 3, samples, positions: null, seed: 0, choices,
});
const image = (channels: number, height: number, width: number, order: 'chw' | 'hwc' = 'chw'): ImageSpec => ({ channels, height, width, order });
const valuesOf = (probe: Probe) => (probe.inputs.kind === 'vector' ? [...probe.inputs.values] : []);
const none = () => null;

describe('resizing', () => {
  it.each(Object.entries(truth.resized))('to %s as Pillow does in floating point', (size, expected) => {
    const [height, width] = size.split('x').map(Number) as [number, number];
    // Pillow keeps float32 between its two passes.
    expect(largest(resized(rgb, 9, 10, 3, height, width), expected)).toBeLessThan(255 * 2 ** -22);
  });
});

it('resizing by a cubic is that of Pillow', () => {
  expect(largest(resized(rgb, 9, 10, 3, 6, 13, 'bicubic'), truth.cubic)).toBeLessThan(255 * 2 ** -21);
});

describe('a crop to the centre as transformers records it', () => {
  const made = async (name: 'edge' | 'crop' | 'zeros') => {
    const { config, shape, values } = truth.cropped[name];
    const probe = await probeFromPictures(pictures(picture(rgb, 9, 10, 3)), specOf(image(...shape)), (c) => readPreprocessor('p.json', JSON.stringify(config), c));
    return { probe, off: largest(valuesOf(probe), values) };
  };

  it('is that of the library to its float32, also where the picture is smaller', async () => {
    for (const name of ['crop', 'zeros'] as const) expect((await made(name)).off).toBeLessThan(1e-6);
    expect((await made('crop')).probe.evidence!.join()).toContain('the 5 × 6 pixels at the centre, as p.json records it');
  });

  it('behind a change of size to within the rounding of the library to whole values', async () => {
    const { probe, off } = await made('edge');
    // Half a step, over the smallest deviation; the library rounds between its two passes as well.
    expect(off).toBeLessThan(1.5 / 255 / 0.2);
    expect(probe.evidence!.join()).toContain('the shorter side resized to 7, bicubic, then the 5 × 6 pixels at the centre');
  });

  it('to another size than that of the network is said and not done, and what cannot be followed is refused', async () => {
    const { config } = truth.cropped.crop;
    const read = (more: object) => (c: number) => readPreprocessor('p.json', JSON.stringify({ ...config, ...more }), c);
    const probe = await probeFromPictures(pictures(picture(rgb, 9, 10, 3)), specOf(image(3, 9, 10)), read({}));
    expect(probe.evidence!.join()).toContain('p.json records a crop to 5 × 6, which is not what this network takes: it is not done');
    expect(() => read({ crop_size: { longest: 3 } })(3)).toThrow(/'crop_size' is {"longest":3}; a height and a width/);
    expect(() => read({ do_resize: true, size: { shortest_edge: 0 } })(3)).toThrow(/'size'/);
    expect(() => read({ crop_size: undefined })(3)).toThrow("p.json: 'crop_size' is missing; a height and a width were expected.");
    expect(() => read({ do_resize: true, resample: 1 })(3)).toThrow(/'resample' is 1; bilinear \(2\) or bicubic \(3\)/);
  });
});

it('a narrow picture that would be too large before it is cropped is refused', async () => {
  const config = { do_resize: true, size: { shortest_edge: 16384 }, do_center_crop: true, crop_size: 2, do_normalize: false };
  const strip = pictures(picture(new Float64Array(6000), 1, 6000, 1));
  await expect(probeFromPictures(strip, specOf(image(1, 2, 2)), (c) => readPreprocessor('p.json', JSON.stringify(config), c))).rejects.toMatchObject({
    code: 'probe-size',
    message: 'a.png has 6000 × 1 pixels and would have 98304000 × 16384 before it is cropped as p.json records it, more than are held at once. Crop it first.',
  });
});

describe('folders of pictures', () => {
  const of = (...names: string[]) => pictures(...names.map((name, i) => picture([i], 1, 1, 1, 255, name)));
  const spec = (outputs: number, samples: number | null = null) => ({ ...specOf(image(1, 1, 1), 0, { pixels: '0 to 255' }, samples), outputs });

  it('are classes in the order of their names, one of each in turn', async () => {
    const probe = await probeFromPictures(of('all/dog/0.png', 'all/dog/1.png', 'all/dog/2.png', 'all/Zebra/0.png', 'all/cat/deep/0.png'), spec(3), none);
    // Capitals stand first, as in Python.
    expect(valuesOf(probe)).toEqual([3, 4, 0, 1, 2]);
    expect(probe.targets).toEqual({ kind: 'labels', labels: Int32Array.of(0, 1, 2, 2, 2) });
    expect(probe.description).toContain('with their folders as 3 classes');
    expect(probe.evidence!.join()).toContain("torchvision's ImageFolder has them: 0 is 'Zebra', 1 is 'cat', 2 is 'dog'");
    expect((await probeFromPictures(of('dog/0.png', 'dog/1.png', 'cat/0.png'), spec(5, 2), none)).targets).toEqual({ kind: 'labels', labels: Int32Array.of(0, 1) });
  });

  it('are none where there is one, where pictures lie beside them, or where the network has fewer outputs', async () => {
    for (const content of [of('all/0.png', 'all/1.png'), of('0.png', 'cat/0.png'), of('a/0.png', 'a/b/0.png', 'a/c/0.png')]) {
      const probe = await probeFromPictures(content, spec(3), none);
      expect(probe.targets).toBeNull();
      expect(probe.description).toContain('no targets');
    }
    const fewer = await probeFromPictures(of('a/0.png', 'b/0.png', 'c/0.png'), spec(2), none);
    expect(fewer.targets).toBeNull();
    expect(fewer.evidence!.join()).toContain('3 folders are more than the 2 outputs of the network: they are not read as classes');
  });
});

describe('pictures', () => {
  it('preprocessor_config.json makes the pixel values of transformers', async () => {
    const probe = await probeFromPictures(pictures(picture(rgb, 9, 10, 3)), specOf(image(3, 9, 10)), (c) => readPreprocessor('preprocessor_config.json', recorded, c));
    expect(largest(valuesOf(probe), truth.processed)).toBeLessThan(1e-6);
    expect(probe.choices).toMatchObject([{ key: 'pixels', value: 'recorded', assumed: false }]);
    expect(probe.evidence!.join()).toContain('as preprocessor_config.json records it: pixels / 255, less 0.4, 0.5, 0.6, over 0.2, 0.25, 0.3');
  });

  it('a choice wins over what is recorded, and what is assumed is said', async () => {
    const made = async (choices: Record<string, string>, pixels?: ImageSpec['pixels']) =>
      probeFromPictures(pictures(picture([0, 255], 1, 2, 1)), specOf({ ...image(1, 1, 2), ...(pixels && { pixels }) }, 0, choices), none);
    expect(valuesOf(await made({}))).toEqual([0, 1]);
    expect((await made({})).choices).toMatchObject([{ value: '0 to 1', assumed: true }]);
    expect(valuesOf(await made({}, { value: '-1 to 1', evidence: 'as usual' }))).toEqual([-1, 1]);
    expect(valuesOf(await made({ pixels: '0 to 255' }, { value: '-1 to 1', evidence: 'as usual' }))).toEqual([0, 255]);
    await expect(made({ pixels: 'ImageNet' })).rejects.toMatchObject({ code: 'choice', message: expect.stringContaining('0 to 1, -1 to 1, 0 to 255') });
  });

  it('16 bits are scaled as 8 are; grey is repeated; colours become grey by their luma', async () => {
    const wide = await probeFromPictures(pictures(picture([0, 65535], 1, 2, 1, 65535)), specOf(image(3, 1, 2)), none);
    expect(valuesOf(wide)).toEqual([0, 1, 0, 1, 0, 1]);
    expect(wide.evidence!.join()).toContain('repeated in all 3 channels');
    const grey = await probeFromPictures(pictures(picture([255, 0, 0], 1, 1, 3)), specOf(image(1, 1, 1)), none);
    expect(valuesOf(grey)[0]).toBeCloseTo(0.299, 12);
    expect(grey.evidence!.join()).toContain('0.299, 0.587, 0.114');
  });

  it('a small misfit is resized and said; another shape is refused unless the recorded steps squeeze', async () => {
    const probe = await probeFromPictures(pictures(picture(rgb, 9, 10, 3), picture(new Float64Array(48), 4, 4, 3, 255, 'b.png')), specOf(image(3, 4, 4)), none);
    expect(probe.evidence!.join()).toContain('1 of 2 images (10 × 9 pixels) resized to 4 × 4');
    expect(probe.description).toBe('a.png: 2 pictures as [3, 4, 4], no targets');
    const long = pictures(picture(new Float64Array(60), 2, 10, 3));
    await expect(probeFromPictures(long, specOf(image(3, 4, 4)), none)).rejects.toMatchObject({ code: 'probe-aspect', message: expect.stringContaining('10 × 2 pixels; this network takes 4 × 4') });
    const squeezes = readPreprocessor('p.json', '{"size": 4}', 3);
    expect(valuesOf(await probeFromPictures(long, specOf(image(3, 4, 4)), () => squeezes))).toEqual(new Array(48).fill(-1));
  });

  it('a network that only has a width: exact squares, and nothing else', async () => {
    const probe = await probeFromPictures(pictures(picture([0, 51, 102, 255], 2, 2, 1)), specOf(null, 4), none);
    expect(valuesOf(probe)).toEqual([0, 0.2, 0.4, 1]);
    expect(probe.evidence![0]).toContain('does not say of what: pictures of 2 × 2 pixels');
    await expect(probeFromPictures(pictures(picture(rgb, 9, 10, 3)), specOf(null, 4), none)).rejects.toMatchObject({ code: 'probe-size' });
    await expect(probeFromPictures(pictures(picture(rgb, 9, 10, 3)), specOf(null, 5), none)).rejects.toMatchObject({ code: 'probe-pictures' });
    const tokens: ProbeSpec = { ...specOf(null, 4), input: { kind: 'tokens', vocabulary: 5, context: 4 } };
    await expect(probeFromPictures(pictures(picture(rgb, 9, 10, 3)), tokens, none)).rejects.toMatchObject({ message: expect.stringContaining('this one takes token ids') });
  });

  it('broken recorded steps are refused by name', () => {
    expect(() => readPreprocessor('p.json', '{"image_mean": [0.5, 0.5]}', 3)).toThrow(/'image_mean' is \[0.5,0.5\]; 3 numbers/);
    expect(() => readPreprocessor('p.json', '{"image_std": 0}', 3)).toThrow(/image_std/);
    expect(() => readPreprocessor('p.json', '{"rescale_factor": "x"}', 3)).toThrow(/rescale_factor/);
  });
});

describe('arrays', () => {
  const array = (shape: number[], integers = false, most?: number): ProbeArray => ({ name: 'inputs', shape, integers, ...(most && { most }), values: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i) });
  const probeOf = (inputs: ProbeArray, spec: ProbeSpec) => probeFromFile({ file: 'a.npz', inputs, targets: null }, spec, none);

  it.each<[string, number[], ImageSpec, number[]]>([
    ['[N, c, h, w] for a network of the same order', [1, 2, 1, 2], image(2, 1, 2), [0, 1, 2, 3]],
    ['[N, h, w, c] for a network of channels first', [1, 1, 2, 3], image(3, 1, 2), [0, 3, 1, 4, 2, 5]],
    ['[N, c, h, w] for a network of channels last', [1, 3, 1, 2], image(3, 1, 2, 'hwc'), [0, 2, 4, 1, 3, 5]],
    ['[N, h, w]', [2, 1, 2], image(1, 1, 2), [0, 1, 2, 3]],
    ['[N, h, w] for three channels', [1, 1, 2], image(3, 1, 2), [0, 1, 0, 1, 0, 1]],
  ])('%s', async (_, shape, spec, expected) => {
    const probe = await probeOf(array(shape), specOf(spec));
    expect(valuesOf(probe)).toEqual(expected);
    expect(probe.evidence!.join()).toContain('floating-point values are taken as the network takes them');
    expect(probe.choices).toEqual([]);
  });

  it('whole numbers are pixels, also in rows where the network takes images', async () => {
    expect(valuesOf(await probeOf(array([1, 2, 1, 2], true, 255), specOf(image(2, 1, 2))))).toEqual([0, 1 / 255, 2 / 255, 3 / 255]);
    expect(valuesOf(await probeOf(array([1, 4], true, 65535), specOf(image(2, 1, 2))))).toEqual([0, 1, 2, 3].map((v) => v * (255 / 65535) * (1 / 255)));
    // A plain network is given whole numbers in rows as they are.
    expect(valuesOf(await probeOf(array([1, 4], true, 255), specOf(null, 4)))).toEqual([0, 1, 2, 3]);
    expect(valuesOf(await probeOf(array([1, 2, 2], true, 255), specOf(null, 4)))).toEqual([0, 1 / 255, 2 / 255, 3 / 255]);
  });

  it('an order that cannot be told is the one of the network, and said', async () => {
    const probe = await probeOf(array([1, 3, 3, 3]), specOf(image(3, 3, 3, 'hwc')));
    expect(valuesOf(probe)).toEqual(Array.from({ length: 27 }, (_, i) => i));
    expect(probe.evidence![0]).toContain('[samples, height, width, channels], the order of the network; both orders fit');
  });

  it('shapes and values that cannot be images are refused', async () => {
    await expect(probeOf(array([1, 5, 5, 5]), specOf(image(3, 4, 4)))).rejects.toMatchObject({ code: 'probe-shape' });
    await expect(probeOf(array([1, 2, 3]), specOf(null, 4))).rejects.toMatchObject({ code: 'probe-width' });
    const negative = { ...array([1, 2, 2], true), values: Float64Array.of(-1, 2, 3, 4) };
    await expect(probeOf(negative, specOf(image(1, 2, 2)))).rejects.toMatchObject({ code: 'probe-pixels' });
    const holes = { ...array([1, 2, 2]), values: Float64Array.of(NaN, 2, 3, 4) };
    await expect(probeOf(holes, specOf(image(1, 2, 2)))).rejects.toMatchObject({ code: 'probe-not-finite' });
  });

  it('floating-point values of hundreds are remarked on', async () => {
    expect((await probeOf(array([2, 4, 4]), specOf(image(1, 4, 4)))).evidence!.join()).toContain('they reach 31');
  });
});
