/** Image networks of keras.applications: Keras's logits from the file alone, and a gauge audit in which every null dimension of the small network is explained. */
import { describe, expect, it } from 'vitest';
import { modelOf } from './family-files';
import { fixture, recorded } from './fixture';
import { APPLICATIONS, deviation, logitsOf } from './keras-files';
import { pictures } from './network-files';
import { audit } from './null-space';

describe.each(APPLICATIONS)('$name', ({ name, files, activations }) => {
  it.each(files)("%s gives Keras's logits to 1e-10", async (file) => {
    const model = await modelOf(await fixture(`applications/${file}`));
    const inputs = Float64Array.from(await (await fixture(`applications/${name}.probe.npz`)).tensors.get('inputs')!.values());
    expect(deviation(await logitsOf(model, inputs), recorded(`applications/${name}.json`))).toBeLessThan(1e-10);
    expect([...new Set(model.layers.map(({ activation }) => activation))].sort()).toEqual(activations);
  });

  it('explains every null dimension', { timeout: 120_000 }, async () => {
    const model = await modelOf(await fixture(`applications/${files[0]}`));
    const { nullity, span } = await audit(model, await pictures(model, 1.6), 'ce');
    expect(span).toBe(nullity);
    expect(span).toBeGreaterThan(model.outputs - 1);
  });
});
