import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Session } from '../../src/analysis/session';
import { bufferSource } from '../../src/checkpoint/sources';
import { fakeReport } from '../view/fake-client';
import { fakeLlc } from '../view/fake-llc';
import { ROOT } from './run';

it('gives ids in order, and those of an address beside them, so that one that fails the next time moves no other', async () => {
  const bytes = new Uint8Array(readFileSync(join(ROOT, 'test/fixtures/references/mlp-relu.safetensors')));
  const file = [bufferSource('m.safetensors', bytes)];
  const ids = async (session: Session, prefix?: string) => (await session.open(file, undefined, prefix)).checkpoints.map((c) => c.id);
  const session = new Session();
  expect([await ids(session, 'remote-1-'), await ids(session), await ids(session, 'remote-2-'), await ids(session)]).toEqual([['remote-1-1'], ['1'], ['remote-2-1'], ['2']]);
  const again = new Session();
  expect([(await again.open([], undefined, 'remote-1-')).checkpoints, await ids(again)]).toEqual([[], ['1']]);
  expect(session.checkpoint('remote-2-1').name).toBe('m.safetensors');
});

it('opens lists of results as the command line writes them', async () => {
  const open = (data: unknown) => new Session().open([bufferSource('out.json', new TextEncoder().encode(JSON.stringify(data)))]);
  const record = fakeLlc({});
  expect((await open([record, record])).llcs).toEqual([record, record].map((r) => ({ file: 'out.json', record: r })));
  expect((await open({ records: [record], comparison: [] })).llcs).toHaveLength(1);
  expect((await open([fakeReport(), fakeReport()])).reports).toHaveLength(2);
  const wrong = await open([record, { ...record, passes: 'many' }]);
  expect([wrong.llcs, wrong.refusals.map((r) => r.code)]).toEqual([[], ['llc-schema']]);
});
