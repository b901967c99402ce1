/** The rule of `auto` as a function of what was measured. */
import { describe, expect, it } from 'vitest';
import { chooseBackend, withoutGpu, type GpuFacts } from '../../src/analysis/choice';
import { AT_ONCE, TYPICAL_CPU, secondsOf, type Work } from '../../src/analysis/cost';

const cpu = { matmul: 3e9, gram: 1e9 };
const gpu = (times: number, rest: Partial<GpuFacts> = {}): GpuFacts => ({
  adapter: 'Fast GPU',
  software: false,
  rates: { cpu, gpu: { matmul: times * cpu.matmul, gram: times * cpu.gram } },
  ...rest,
});
/** 100 s of passes and 100 s of Grams on one core of the measured CPU, and 1 s of decompositions. */
const large: Work = { passes: 3e11, grams: 1e11, solves: 5e8 };
const scaled = (by: number): Work => ({ passes: by * large.passes, grams: by * large.grams, solves: by * large.solves });

describe('secondsOf', () => {
  it('is what the parts take, Grams and decompositions by several workers', () => {
    expect(secondsOf(large, cpu)).toBeCloseTo(201, 9);
    expect(secondsOf(large, cpu, { grams: 4, solves: 2 })).toBeCloseTo(125.5, 9);
  });
});

describe('chooseBackend', () => {
  it('takes WebGPU where that saves a long wait, and says how long', () => {
    const { backend, reason } = chooseBackend(large, 1, gpu(100));
    expect(backend).toBe('webgpu');
    expect(reason).toMatch(/about 3 min on the CPU and about 3 s on Fast GPU/);
  });

  it('stays in float64 where the GPU is less than three times faster', () => {
    // Beside t seconds of layers and Grams both backends spend one on decompositions.
    expect(chooseBackend(large, 1, gpu(2.9))).toMatchObject({ backend: 'cpu-f64', reason: expect.stringContaining('not 3 times faster') });
    expect(chooseBackend(large, 1, gpu(3.1)).backend).toBe('webgpu');
  });

  it('stays in float64 where the CPU is done soon, by the speed that was measured or, before that, by a typical one', () => {
    expect(withoutGpu(scaled(0.01), 1)).toMatchObject({ backend: 'cpu-f64', reason: expect.stringContaining('float64') });
    const fast = { matmul: 1000 * cpu.matmul, gram: 1000 * cpu.gram };
    const facts = gpu(1, { rates: { cpu: fast, gpu: { matmul: 1e6 * cpu.matmul, gram: 1e6 * cpu.gram } } });
    expect(withoutGpu(large, 1)).toBeNull();
    expect(chooseBackend(large, 1, facts)).toMatchObject({ backend: 'cpu-f64', reason: expect.stringContaining('short enough') });
  });

  it('counts the workers of the CPU', () => {
    const grams: Work = { passes: 1, grams: 2 * AT_ONCE * TYPICAL_CPU.gram, solves: 0 };
    expect(withoutGpu(grams, 1)).toBeNull();
    expect(withoutGpu(grams, 4)?.backend).toBe('cpu-f64');
    expect(chooseBackend(large, 1, gpu(4)).backend).toBe('webgpu');
    expect(chooseBackend(large, 8, gpu(4))).toMatchObject({ backend: 'cpu-f64' });
  });

  it('does not take a GPU for decompositions, which are the CPU’s in any case', () => {
    expect(chooseBackend({ passes: 1e9, grams: 1e9, solves: 1e12 }, 1, gpu(1000)).backend).toBe('cpu-f64');
  });

  it('never takes a software adapter or one that was not measured', () => {
    expect(chooseBackend(large, 1, gpu(100, { software: true }))).toMatchObject({ backend: 'cpu-f64', reason: expect.stringContaining('emulates') });
    expect(chooseBackend(large, 1, gpu(100, { rates: null }))).toMatchObject({ backend: 'cpu-f64', reason: expect.stringContaining('measured') });
  });

  it('needs no GPU for weights and recorded taps, however large', () => {
    expect(withoutGpu({ ...scaled(1000), passes: 0 }, 1)).toMatchObject({ backend: 'cpu-f64', reason: expect.stringContaining('no layers') });
  });
});
