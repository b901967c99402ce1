/** What was measured of an adapter, remembered between visits. A memory that fails is no memory: the adapter is measured again. */
import { z } from 'zod';
import { sha256 } from '../base/sha256';
import type { AdapterMeasurement, Remember } from '../numerics/rates';
import { APP } from './app';

/** Where small texts are kept. A key is a name that any file system takes. */
export interface ProbeMemory {
  read(key: string): Promise<string | null>;
  write(key: string, value: string): Promise<void>;
}

const Rates = z.object({ matmul: z.number().positive(), gram: z.number().positive() });

const Measurement: z.ZodType<AdapterMeasurement> = z.object({
  tuning: z.record(z.string().max(64), z.string().max(64)),
  rates: z.object({ gpu: Rates, cpu: Rates }).nullable(),
  milliseconds: z.number().min(0),
});

/** Remembers by adapter and build: another of either is measured anew. */
export function rememberIn(memory: ProbeMemory): Remember {
  return async (adapter, measure) => {
    const digest = await sha256(new TextEncoder().encode(JSON.stringify([APP, adapter])));
    const key = `adapter-${digest.slice(0, 32)}.json`;
    const known = await recall(memory, key);
    if (known) return known;
    const measured = await measure();
    await memory.write(key, JSON.stringify(measured)).catch(() => undefined);
    return measured;
  };
}

async function recall(memory: ProbeMemory, key: string): Promise<AdapterMeasurement | null> {
  try {
    const text = await memory.read(key);
    return text === null ? null : Measurement.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
