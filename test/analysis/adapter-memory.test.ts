import { describe, expect, it, vi } from 'vitest';
import { rememberIn, type ProbeMemory } from '../../src/analysis/adapter-memory';
import type { AdapterMeasurement } from '../../src/numerics/rates';

const measurement: AdapterMeasurement = {
  tuning: { exactGram: 'shared' },
  rates: { gpu: { matmul: 1e13, gram: 3e12 }, cpu: { matmul: 3e9, gram: 1e9 } },
  milliseconds: 210,
};

function memory(): ProbeMemory & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, read: async (key) => kept.get(key) ?? null, write: async (key, value) => void kept.set(key, value) };
}

const counted = () => vi.fn(async () => measurement);

describe('rememberIn', () => {
  it('measures once per adapter', async () => {
    const store = memory();
    const measure = counted();
    expect(await rememberIn(store)('a', measure)).toEqual(measurement);
    expect(await rememberIn(store)('a', measure)).toEqual(measurement);
    expect(measure).toHaveBeenCalledTimes(1);
    await rememberIn(store)('another adapter or build', measure);
    expect(measure).toHaveBeenCalledTimes(2);
    expect(store.kept.size).toBe(2);
    for (const key of store.kept.keys()) expect(key).toMatch(/^[a-z0-9.-]+$/);
  });

  it.each([
    ['cut', (text: string) => text.slice(0, -3)],
    ['empty', () => ''],
    ['of another shape', () => '{"rates":"fast"}'],
    ['with an impossible speed', (text: string) => text.replace('3000000000000', '-1')],
  ])('measures again where the entry is %s, and replaces it', async (_, damage) => {
    const store = memory();
    const measure = counted();
    await rememberIn(store)('a', measure);
    const [key, text] = [...store.kept][0]!;
    expect(damage(text)).not.toBe(text);
    store.kept.set(key, damage(text));
    expect(await rememberIn(store)('a', measure)).toEqual(measurement);
    expect(measure).toHaveBeenCalledTimes(2);
    expect(store.kept.get(key)).toBe(text);
  });

  it('goes on quietly where nothing can be read or written', async () => {
    const broken: ProbeMemory = { read: () => Promise.reject(new Error('denied')), write: () => Promise.reject(new Error('full')) };
    expect(await rememberIn(broken)('a', counted())).toEqual(measurement);
  });

  it('keeps nothing of a measurement that failed', async () => {
    const store = memory();
    await expect(rememberIn(store)('a', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect(store.kept.size).toBe(0);
  });
});
