/** Files of the real writers (test/fixtures/make_checkpoints.py): every tensor, bit for bit. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openFiles } from '../../src/checkpoint/open';
import { walkFiles } from '../../src/cli/file-source';

const folder = fileURLToPath(new URL('../fixtures/checkpoint/', import.meta.url));
type Expected = Record<string, Record<string, { shape: number[]; sha256: string }>>;
const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Expected;
const openPath = async (path: string) => openFiles((await walkFiles([folder + path])).files);

describe('files of torch, numpy and safetensors', () => {
  it.each(Object.keys(expected))('%s: every tensor has the exact bytes', async (file) => {
    const { checkpoints, refusals } = await openPath(file);
    expect(refusals).toEqual([]);
    expect(checkpoints).toHaveLength(1);
    const found = new Map<string, Expected[string][string]>();
    for (const [name, tensor] of checkpoints[0]!.tensors) {
      found.set(name, { shape: [...tensor.shape], sha256: createHash('sha256').update(await tensor.bytes()).digest('hex') });
    }
    expect(found).toEqual(new Map(Object.entries(expected[file]!)));
  });

  it('takes the model out of a training checkpoint and keeps its settings', async () => {
    const [checkpoint] = (await openPath('training.ckpt')).checkpoints;
    expect(Object.fromEntries(checkpoint!.metadata)).toMatchObject({ epoch: '3', loss: '0.125', 'args.act': 'gelu', 'config.act_fn': 'gelu', 'config.n_layers': '2' });
    expect(checkpoint!.warnings.join(' ')).toContain('"optimizer_state_dict" (12 tensors), "lr_scheduler", "rng_state" (1 tensor)');
    expect(checkpoint!.warnings.join(' ')).toContain('"module."');
  });

  it('names tied tensors, and only those', async () => {
    const [views] = (await openPath('views.pt')).checkpoints;
    expect([...views!.shared[0]!].sort()).toEqual(['expand', 'perm', 'slice', 'step', 't', 'tied.a', 'tied.b']);
    expect((await openPath('mlp.pt')).checkpoints[0]!.shared).toEqual([]);
  });

  it('refuses a whole pickled module with the line that saves its weights', async () => {
    const { checkpoints, refusals } = await openPath('whole-module.pt');
    expect(checkpoints).toEqual([]);
    expect(refusals[0]).toMatchObject({ code: 'whole-module', file: 'whole-module.pt' });
    expect(refusals[0]!.message).toContain('torch.save(model.state_dict()');
  });

  it('decodes all bit patterns of the small floats as torch and numpy do', async () => {
    const { crafted } = await allPatterns();
    const [reference] = (await openPath('decoded.npz')).checkpoints;
    for (const [name, tensor] of reference!.tensors) {
      const want = await tensor.values();
      const got = await crafted.tensors.get(name)!.values();
      expect(got).toBeInstanceOf(Float32Array);
      for (let i = 0; i < want.length; i++) {
        if (!Object.is(got[i], want[i])) throw new Error(`${name}: pattern ${i} is ${got[i]}, expected ${want[i]}`);
      }
    }
    expect(reference!.tensors.size).toBe(7);
  });

  it('opens the whole folder at once: good files stay, the bad one is named', async () => {
    const { checkpoints, refusals, sides } = await openPath('');
    expect(checkpoints.length).toBe(Object.keys(expected).length + 1);
    expect(refusals.map((r) => r.code)).toEqual(['whole-module']);
    expect([...sides.keys()].map((name) => name.split('/').slice(-1)[0])).toContain('config.json');
    expect(new Set(checkpoints.map((c) => c.fingerprint)).size).toBe(checkpoints.length);
  });
});

/** A safetensors file with every bit pattern of each small float. */
async function allPatterns() {
  const { loaded, safetensors } = await import('./writers');
  const types: [string, string, number][] = [
    ['f16', 'F16', 2], ['bf16', 'BF16', 2], ['float8_e4m3fn', 'F8_E4M3', 1], ['float8_e5m2', 'F8_E5M2', 1],
    ['float8_e4m3fnuz', 'F8_E4M3FNUZ', 1], ['float8_e5m2fnuz', 'F8_E5M2FNUZ', 1], ['float8_e8m0fnu', 'F8_E8M0', 1],
  ];
  const header: Record<string, object> = {};
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, dtype, width] of types) {
    const n = 256 ** width;
    const data = width === 1 ? Uint8Array.from({ length: n }, (_, i) => i) : new Uint8Array(Uint16Array.from({ length: n }, (_, i) => i).buffer);
    header[name] = { dtype, shape: [n], data_offsets: [at, at + data.length] };
    at += data.length;
    parts.push(data);
  }
  const data = new Uint8Array(at);
  parts.reduce((offset, part) => (data.set(part, offset), offset + part.length), 0);
  return { crafted: await loaded('patterns.safetensors', safetensors(header, data)) };
}
