import { deflateSync } from 'fflate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeExperimentLink, experimentOfLink, type ExperimentLink } from '../../src/analysis/experiment-link';
import { defaultView, encodeLink, unpackLink } from '../../src/analysis/link';
import { defaultRequest } from '../../src/analysis/request';

const base: ExperimentLink = { experiment: { name: 'bridge', size: 'small', changes: { depths: [2, 3] }, seed: 7 }, backend: 'cpu-f64' };
const pack = (value: unknown) => '#v1.' + Buffer.from(deflateSync(new TextEncoder().encode(JSON.stringify(value)))).toString('base64url');
const open = (fragment: string) => experimentOfLink(unpackLink(fragment));

describe('links of experiments', () => {
  it('come back as they were', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0));
    const link: fc.Arbitrary<ExperimentLink> = fc.record({
      experiment: fc.record({
        name: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
        size: fc.constantFrom('small' as const, 'full' as const),
        changes: fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,12}$/), fc.oneof(number, fc.array(number, { maxLength: 6 })), { maxKeys: 5 }),
        seed: fc.nat(4294967295),
      }),
      backend: fc.constantFrom('cpu-f64' as const, 'webgpu' as const),
    });
    fc.assert(fc.property(link, (l) => {
      expect(open(encodeExperimentLink(l))).toEqual(JSON.parse(JSON.stringify(l)));
    }), { numRuns: 50, seed: 1 });
  });

  it('are told from links of analyses', () => {
    const analysis = encodeLink({ source: { kind: 'example', id: 'x' }, request: defaultRequest, view: defaultView, grams: null, digest: [] });
    expect(open(analysis)).toBeNull();
    expect(open(pack(null))).toBeNull();
    expect(open(pack('experiment'))).toBeNull();
  });

  it.each([
    ['a path for a name', { ...base, experiment: { ...base.experiment, name: '../x' } }, /experiment\.name/],
    ['a size of its own', { ...base, experiment: { ...base.experiment, size: 'huge' } }, /experiment\.size/],
    ['a negative seed', { ...base, experiment: { ...base.experiment, seed: -1 } }, /experiment\.seed/],
    ['words for numbers', { ...base, experiment: { ...base.experiment, changes: { depths: 'many' } } }, /experiment\.changes\.depths/],
    ['a list without end', { ...base, experiment: { ...base.experiment, changes: { depths: new Array(65).fill(1) } } }, /experiment\.changes\.depths/],
    ['too many settings', { ...base, experiment: { ...base.experiment, changes: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i])) } }, /experiment\.changes/],
    ['another backend', { ...base, backend: 'auto' }, /backend/],
    ['no experiment', { experiment: null }, /experiment/],
  ])('refuse %s', (_, data, message) => {
    expect(() => open(pack(data))).toThrow(message);
  });
});
