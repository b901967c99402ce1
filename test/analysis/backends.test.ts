/** Which backend runs, and what the report says of it. GPUs here are the float64 code under another name. */
import { describe, expect, it, vi } from 'vitest';
import type { Chosen } from '../../src/analysis/analyze';
import { Backends, type OpenGpu } from '../../src/analysis/backends';
import type { Work } from '../../src/analysis/cost';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import type { MeasuredNumerics } from '../../src/numerics/rates';
import { TooLargeError } from '../../src/numerics/tiles';
import { analyzeFiles } from './run';

const small: Work = { passes: 1e6, grams: 1e6, solves: 1e6, factors: 0 };
const large: Work = { passes: 1e12, grams: 1e12, solves: 1e9, factors: 0 };
const reference = cpuNumerics();
const rates = { cpu: { matmul: 3e9, gram: 1e9 }, gpu: { matmul: 1e12, gram: 5e11 } };
const measured = { tuning: {}, rates, milliseconds: 200 };
const gpu = (rest: Partial<MeasuredNumerics> = {}): MeasuredNumerics => ({
  ...cpuNumerics(),
  name: 'webgpu',
  device: 'Fast GPU',
  software: false,
  measured,
  ...rest,
});
const opens = (numerics: MeasuredNumerics | { reason: string }) => vi.fn<OpenGpu>(async () => numerics);
const choose = (backends: Backends, asked: 'auto' | 'cpu-f64' | 'webgpu', work: Work) => backends.run<Chosen>(asked, (numerics) => numerics(work));

describe('auto', () => {
  it('opens no GPU for what the CPU does at once', async () => {
    const open = opens(gpu());
    const { numerics, choice } = await choose(new Backends(reference, 1, open), 'auto', small);
    expect(numerics).toBe(reference);
    expect(choice).toEqual({ reason: expect.stringContaining('less than a second'), adapter: null, rates: null });
    expect(open).not.toHaveBeenCalled();
  });

  it('takes a GPU that was measured to be much faster, opens it once, and tells its speed', async () => {
    const fast = gpu();
    const open = opens(fast);
    const backends = new Backends(reference, 1, open);
    for (let n = 0; n < 2; n++) {
      const { numerics, choice } = await choose(backends, 'auto', large);
      expect(numerics).toBe(fast);
      expect(choice).toEqual({ reason: expect.stringContaining('on Fast GPU'), adapter: 'Fast GPU', rates });
    }
    expect(open.mock.calls).toEqual([[{ allowSoftware: false }]]);
  });

  it('says that a parameter is kept in tiles where a shader cannot be handed it', async () => {
    const open = opens(gpu({ binding: 128e6 }));
    const work = { ...large, largest: { name: 'lm_head.weight', values: 131e6 } };
    for (const asked of ['auto', 'webgpu'] as const) {
      const { numerics, choice } = await choose(new Backends(reference, 1, open), asked, work);
      expect(numerics.name).toBe('webgpu');
      expect(choice.reason).toContain(" 'lm_head.weight' takes 524 MB in float32 and is kept in tiles: Fast GPU hands its shaders 128 MB at most.");
    }
    const fits = await choose(new Backends(reference, 1, open), 'webgpu', { ...work, largest: { name: 'w', values: 32e6 } });
    expect(fits.choice.reason).not.toContain('tiles');
  });

  it('does in float64 what no tile holds, also by name', async () => {
    for (const asked of ['auto', 'webgpu'] as const) {
      const { numerics, choice } = await new Backends(reference, 1, opens(gpu())).run(asked, async (look) => {
        const chosen = await look(large);
        if (chosen.numerics.name === 'webgpu') throw new TooLargeError([2, 4e7], 2 ** 25);
        return chosen;
      });
      expect(numerics).toBe(reference);
      expect(choice.reason).toBe(
        'A tensor [2, 40000000] is too large for the GPU, which holds 33554432 values in one piece, and cannot be cut there. This runs in float64 on the CPU.',
      );
    }
  });

  it('says why there is no GPU', async () => {
    const { numerics, choice } = await choose(new Backends(reference, 1, opens({ reason: 'There is none.' })), 'auto', large);
    expect(numerics).toBe(reference);
    expect(choice.reason).toBe('There is none.');
  });

  it('leaves a software adapter alone that somebody asked for before', async () => {
    const backends = new Backends(reference, 1, opens(gpu({ software: true, measured: { ...measured, rates: null } })));
    expect((await choose(backends, 'webgpu', small)).numerics.name).toBe('webgpu');
    expect((await choose(backends, 'auto', large)).numerics).toBe(reference);
  });

  it('does it again in float64 when the GPU fails, and opens another device the next time', async () => {
    const open = opens(gpu());
    const backends = new Backends(reference, 1, open);
    const fail = (name: string) => {
      if (name === 'webgpu') throw Object.assign(new Error('The driver was reset.'), { code: 'gpu-lost' });
    };
    const failing = vi.fn(async (numerics: (work: Work) => Promise<Chosen>) => {
      const chosen = await numerics(large);
      fail(chosen.numerics.name);
      return chosen;
    });
    const { numerics, choice } = await backends.run('auto', failing);
    expect(numerics).toBe(reference);
    expect(choice.reason).toMatch(/GPU failed.*The driver was reset\./);
    await expect(backends.run('webgpu', failing)).rejects.toMatchObject({ code: 'gpu-lost' });
    expect(open).toHaveBeenCalledTimes(2);
  });
});

describe('by name', () => {
  it('is what runs', async () => {
    const open = opens(gpu());
    const backends = new Backends(reference, 1, open);
    expect((await choose(backends, 'cpu-f64', large)).numerics).toBe(reference);
    expect(open).not.toHaveBeenCalled();
    expect((await choose(backends, 'webgpu', small)).choice).toEqual({ reason: expect.stringContaining('by name'), adapter: 'Fast GPU', rates });
    expect(open.mock.calls).toEqual([[{ allowSoftware: true }]]);
  });

  it('is a sentence where it cannot be had', async () => {
    const backends = new Backends(reference, 1, opens({ reason: 'There is none.' }));
    await expect(choose(backends, 'webgpu', small)).rejects.toMatchObject({ code: 'no-webgpu', message: expect.stringContaining('There is none.') });
  });
});

describe('the report', () => {
  const backends = new Backends(reference, 1, opens(gpu()));
  const run = (files: string[], asked: 'auto' | 'webgpu') => backends.run(asked, (numerics) => analyzeFiles(files, { folds: 0 }, { numerics }));

  it('names the backend that ran, and why', async () => {
    const files = ['test/fixtures/references/mlp-relu.pt', 'test/fixtures/references/mlp-relu.probe.npz'];
    const auto = (await run(files, 'auto')).provenance;
    expect(auto).toMatchObject({ backend: 'cpu-f64', choice: { reason: expect.stringContaining('float64'), adapter: null } });
    const named = (await run(files, 'webgpu')).provenance;
    expect(named).toMatchObject({ backend: 'webgpu', device: 'Fast GPU', choice: { adapter: 'Fast GPU', rates } });
  });

  it('names the CPU for weights without layers, whatever was asked for', async () => {
    const { provenance } = await run(['test/fixtures/checkpoint/arrays.safetensors'], 'webgpu');
    expect(provenance).toMatchObject({ backend: 'cpu-f64', choice: { reason: expect.stringContaining('no layers') } });
  });
});

describe('by name, without a price', () => {
  it('the CPU opens no GPU, and a GPU that is not there is refused', async () => {
    const open = opens({ reason: 'There is none.' });
    const backends = new Backends(reference, 1, open);
    expect(await backends.withNamed('cpu-f64', async (numerics) => numerics)).toBe(reference);
    expect(open).not.toHaveBeenCalled();
    await expect(backends.withNamed('webgpu', async (numerics) => numerics)).rejects.toMatchObject({ code: 'no-webgpu' });
  });
});
