import { describe, expect, it } from 'vitest';
import { bytes, count, counted, decimal, duration, scientific, uncertainty } from '../../src/figure/number';

describe('numbers as text', () => {
  it('writes exponents that programs can read', () => {
    expect(scientific(4.7e-10)).toBe('4.700e-10');
    expect(scientific(1234.5, 3)).toBe('1.23e3');
    expect(scientific(0)).toBe('0');
    expect(Number(scientific(-2.5e-300, 2))).toBe(-2.5e-300);
  });
  it('keeps the digits asked for, and no more', () => {
    expect(decimal(-2914.0312)).toBe('-2914.03');
    expect(decimal(11.8234567)).toBe('11.8235');
    expect(decimal(0.000001234)).toBe('1.234e-6');
    expect(decimal(1.5e12)).toBe('1.500e12');
  });
  it('counts with thousands apart', () => {
    expect(count(61184)).toBe('61,184');
    expect(count(999)).toBe('999');
    expect(counted(1, 'tensor')).toBe('1 tensor');
    expect(counted(0, 'tensor')).toBe('0 tensors');
  });
  it('gives an uncertainty two digits', () => {
    expect(uncertainty(0.4123)).toBe('0.41');
    expect(uncertainty(3.14e-12)).toBe('3.1e-12');
  });
  it('names sizes and times', () => {
    expect(bytes(999)).toBe('999 bytes');
    expect(bytes(245_912)).toBe('246 KB');
    expect(bytes(6.1e9)).toBe('6.1 GB');
    expect(duration(0.02)).toBe('20 ms');
    expect(duration(1.25)).toBe('1.3 s');
    expect(duration(200)).toBe('3 min 20 s');
  });
});
