/** What a kernel is, and how one of its dispatches is put into words. The device that runs them is in kernel-queue.ts. */
import { assert } from '../base/errors';
import { shaders } from './shaders';

/** A texture is of float32 and read as it is, through a sampler of nearest texels. */
export type BindingType = 'read-only-storage' | 'storage' | 'texture' | 'sampler';

export interface Kernel {
  readonly name: string;
  /** Complete WGSL; the entry point is `main`. */
  readonly source: string;
  /** Bindings 0, 1, … of group 0, in order. */
  readonly bindings: readonly { readonly name: string; readonly type: BindingType }[];
  /** Fields of `Params`, the uniform at the binding after these, in order: four bytes each. */
  readonly params: readonly (readonly [name: string, type: 'u32' | 'f32'])[];
  /** Without it the adapter cannot run this kernel. */
  readonly feature?: GPUFeatureName;
}

/** One dispatch: every binding but samplers and every parameter of the kernel by name. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly buffers: Readonly<Record<string, GPUBuffer>>;
  readonly textures?: Readonly<Record<string, GPUTexture>>;
  readonly params: Readonly<Record<string, number>>;
  /** Workgroups along x, y and z. */
  readonly grid: readonly [number, number, number?];
}

const u32 = (...names: string[]) => names.map((name) => [name, 'u32'] as const);
const f32 = (...names: string[]) => names.map((name) => [name, 'f32'] as const);
const reads = (...names: string[]) => names.map((name) => ({ name, type: 'read-only-storage' as const }));
const writes = (...names: string[]) => names.map((name) => ({ name, type: 'storage' as const }));

const samples = (texture: string) => [{ name: texture, type: 'texture' as const }, { name: 'nearest', type: 'sampler' as const }];
const subgroups: GPUFeatureName = 'subgroups';

const residueGramParams = u32('pairs', 'tiles', 'tilesOfBand', 'bandRow', 'firstTileRow', 'firstModulus');

export const kernels = {
  gram: {
    name: 'gram',
    source: shaders.gram,
    bindings: [...reads('x'), ...writes('g')],
    params: u32('columns', 'firstRow', 'endRow', 'tiles', 'firstTileRow'),
  },
  gramQuad: {
    name: 'gram_quad',
    source: shaders.gramQuad,
    bindings: [...samples('x'), ...writes('g')],
    params: u32('firstRow', 'endRow', 'tiles', 'firstTileRow', 'textureRow', 'textureRows'),
    feature: subgroups,
  },
  panels: {
    name: 'panels',
    source: shaders.panels,
    bindings: [...reads('x'), ...writes('panels')],
    params: u32('columns', 'firstRow', 'endRow', 'rows', 'firstPanel'),
  },
  fisherBlocks: {
    name: 'fisher_blocks',
    source: shaders.fisherBlocks,
    bindings: [...reads('a', 'd', 'modulus'), ...writes('k')],
    params: u32(
      ...['samples', 'positions', 'firstSample', 'firstRow', 'firstPosition', 'endPosition'],
      ...['side', 'tiles', 'tilesOfBand', 'bandRow', 'firstModulus', 'entries'],
    ),
  },
  matvec: {
    name: 'matvec',
    source: shaders.matvec,
    bindings: [...reads('a', 'x'), ...writes('y')],
    params: [...u32('rows', 'columns', 'xOffset', 'yOffset'), ...f32('scale')],
  },
  matvecTransposed: {
    name: 'matvec_transposed',
    source: shaders.matvecTransposed,
    bindings: [...reads('a', 'x'), ...writes('y')],
    params: [...u32('columns', 'firstRow', 'endRow', 'xOffset'), ...f32('scale', 'beta')],
  },
  normalize: {
    name: 'normalize',
    source: shaders.normalize,
    bindings: [...reads('w'), ...writes('v', 'norm')],
    params: u32('dimension', 'row', 'normAt'),
  },
  columnSpan: {
    name: 'column_span',
    source: shaders.columnSpan,
    bindings: [...reads('x'), ...writes('span')],
    params: u32('columns', 'firstRow', 'endRow'),
  },
  transpose: {
    name: 'transpose',
    source: shaders.transpose,
    bindings: [...reads('x'), ...writes('y')],
    params: u32('rows', 'columns', 'firstColumn'),
  },
  residues: {
    name: 'residues',
    source: shaders.residues,
    bindings: [...reads('x', 'unit', 'modulus'), ...writes('w')],
    params: u32('columns', 'firstRow', 'endRow', 'width', 'panel', 'pairs', 'firstPair', 'moduli', 'steps'),
  },
  residueGram: {
    name: 'residue_gram',
    source: shaders.residueGram,
    bindings: [...reads('w', 'modulus'), ...writes('g')],
    params: residueGramParams,
  },
  residueGramQuad: {
    name: 'residue_gram_quad',
    source: shaders.residueGramQuad,
    bindings: [...samples('w'), ...reads('modulus'), ...writes('g')],
    params: residueGramParams,
    feature: subgroups,
  },
  integers: {
    name: 'integers',
    source: shaders.integers,
    bindings: [...reads('g', 'modulus', 'inverse', 'weight'), ...writes('integer')],
    params: u32('moduli', 'entries', 'words', 'firstBlock'),
  },
} as const satisfies Record<string, Kernel>;

/** The bytes of `Params`, padded to the 16 that a uniform binding is measured in. */
export function paramBytes(kernel: Kernel, params: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(Math.ceil((4 * kernel.params.length) / 16) * 16);
  const view = new DataView(bytes);
  kernel.params.forEach(([name, type], i) => {
    const value = params[name];
    assert(value !== undefined, `${kernel.name} needs the parameter ${name}`);
    if (type === 'f32') view.setFloat32(4 * i, value, true);
    else {
      assert(Number.isInteger(value) && value >= 0 && value < 2 ** 32, `${kernel.name}: ${name} = ${value} is no u32`);
      view.setUint32(4 * i, value, true);
    }
  });
  return bytes;
}
