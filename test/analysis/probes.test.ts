/** Pictures and text beside a checkpoint, through the same session as the page and the command line. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyUnfit } from '../../src/analysis/events';
import { lossComparison, recordedLosses } from '../../src/analysis/recorded-loss';
import { Session } from '../../src/analysis/session';
import { trainedOn } from '../../src/analysis/trained-on';
import { bufferSource } from '../../src/checkpoint/sources';
import { analyzeOpened, ROOT } from './run';

const FIXTURES = join(ROOT, 'test/fixtures');
const source = (path: string, name = path) => bufferSource(name, new Uint8Array(readFileSync(join(FIXTURES, path))));
const folder = (path: string) => readdirSync(join(FIXTURES, path)).map((name) => source(`${path}/${name}`, `${path.split('/').at(-1)}/${name}`));

const notAsked = () => Promise.reject(new Error('nothing is to be looked at'));

describe('a language model with its tokenizer and a text', () => {
  const { loss, ids, samples, positions } = (JSON.parse(readFileSync(join(FIXTURES, 'probes/tokens.json'), 'utf8')) as { loss: { loss: number; ids: number[][]; samples: number; positions: number } }).loss;

  it('has the loss that transformers gives on the same tokens, beside the one that trainer_state.json records', async () => {
    const session = new Session();
    const opened = await session.open(folder('probes/gpt2'));
    expect(opened.refusals).toEqual([]);
    expect(opened.sideFiles.sort()).toEqual(['tokenizer.json', 'tokenizer_config.json']);
    const [checkpoint, probe] = [opened.checkpoints[0]!, opened.probes[0]!];
    expect([checkpoint.step, await whyUnfit(probe, checkpoint, opened.sideFiles, notAsked)]).toEqual([40, null]);
    // Special tokens of config.json and tokenizer.json: only <|endoftext|>.
    expect(checkpoint.probe.description).toContain('uniform tokens out of 319 (without the special token 0)');
    const report = await analyzeOpened(session, checkpoint.id, probe.id, { samples, positions });
    expect(report.probe).toMatchObject({ kind: 'text', labels: samples * positions, outputs: 320, loss: 'ce', fisher: 'empirical' });
    expect(report.probe.content).toMatch(/^[0-9a-f]{64}$/);
    const mean = (report.probe.meanLoss! * samples) / report.probe.labels!;
    expect(Math.abs(mean / loss - 1)).toBeLessThan(1e-12);
    expect(ids).toHaveLength(samples);
    expect(lossComparison(report)[0]).toMatch(new RegExp(`^Loss on this probe: ${Number(loss.toPrecision(5))} per token \\(cross-entropy, mean of 96\\); the file records trainer_state.eval_loss = 4.875, trainer_state.loss = 4.75, on data and by an average that are not known here\\. A uniform guess among 320 would give 5.7683\\.`));
  });

  it('a tokenizer that comes later is used; without one the sentence names what is missing', async () => {
    const session = new Session();
    const opened = await session.open([source('probes/gpt2/model.safetensors'), source('probes/gpt2/config.json'), source('probes/gpt2/corpus.txt', 'corpus.txt')]);
    const [{ id }, probe] = [opened.checkpoints[0]!, opened.probes[0]!];
    expect(await whyUnfit(probe, opened.checkpoints[0]!, opened.sideFiles, notAsked)).toBe('corpus.txt is text: to run the network on it, drop its tokenizer.json too.');
    await expect(session.inspect(id, {}, probe.id)).rejects.toMatchObject({ code: 'no-tokenizer' });
    expect((await session.open([source('probes/gpt2/tokenizer.json', 'tokenizer.json')])).sideFiles).toEqual(['tokenizer.json']);
    const inspection = await session.inspect(id, {}, probe.id);
    expect(inspection.probe).toMatchObject({ kind: 'text', samples: expect.any(Number), positions: 16 });
  });

  it('the vocabularies and licences of a folder are no probes', async () => {
    const text = new TextEncoder().encode('the\n##s\n');
    const opened = await new Session().open([source('probes/gpt2/model.safetensors'), bufferSource('vocab.txt', text), bufferSource('LICENSE.txt', text)]);
    expect([opened.probes, opened.refusals]).toEqual([[], []]);
    expect((await new Session().open([bufferSource('vocab.txt', text)])).refusals).toMatchObject([{ file: 'vocab.txt', code: 'no-tensors' }]);
  });
});

describe('a vision transformer with pictures', () => {
  it('takes those of one drop as one probe, in natural order; scaling and size are said and hashed', async () => {
    const session = new Session();
    const pictures = [source('pictures/grey-alpha.png', 'x/10.png'), source('pictures/grey.png', 'x/9.png')];
    const opened = await session.open([...folder('families/vit'), ...pictures]);
    expect(opened.probes).toMatchObject([{ kind: 'pictures', name: 'x/9.png and 1 more', samples: 2, description: '2 pictures of 10 × 9 pixels' }]);
    const { id } = opened.checkpoints[0]!;
    const read = async (choices = {}) => (await session.inspect(id, { choices }, opened.probes[0]!.id));
    const inspection = await read();
    expect(inspection.model.choices.find((c) => c.key === 'pixels')).toMatchObject({ value: '-1 to 1', assumed: true });
    expect(inspection.probe.evidence!.join('; ')).toMatch(/grey images are repeated in all 2 channels; 2 of 2 images \(10 × 9 pixels\) resized to 4 × 4.*\(assumed\); x\/10\.png: its transparency was left out/);
    expect((await read({ pixels: '0 to 1' })).probe.content).not.toBe(inspection.probe.content);
    const report = await analyzeOpened(session, id, opened.probes[0]!.id, {});
    expect(report.model.choices).toEqual(inspection.model.choices);
    expect(report.probe).toMatchObject({ kind: 'pictures', samples: 2, content: inspection.probe.content });
  });

  it('convolutional networks take them too, each in its order and scale', async () => {
    const session = new Session();
    const opened = await session.open([...folder('families/resnet'), source('families/conv-stack.pt'), source('pictures/grey.png', 'grey.png')]);
    const read = async (architecture: string) => session.inspect(opened.checkpoints.find((c) => c.model.architecture === architecture)!.id, {}, opened.probes[0]!.id);
    expect((await read('resnet')).probe).toMatchObject({ kind: 'pictures', description: 'grey.png: one picture as [3, 14, 14], no targets' });
    expect((await read('resnet')).model.choices.find((c) => c.key === 'pixels')).toMatchObject({ value: 'ImageNet', assumed: true, evidence: expect.stringContaining('less 0.485, 0.456, 0.406') });
    expect((await read('conv-stack')).model.choices.find((c) => c.key === 'pixels')).toMatchObject({ value: '0 to 1', assumed: true });
  });

  it('a preprocessor_config.json dropped later wins', async () => {
    const session = new Session();
    const opened = await session.open([...folder('families/vit'), source('pictures/grey.png')]);
    await session.open([bufferSource('preprocessor_config.json', new TextEncoder().encode('{"image_mean": 0, "image_std": 1, "size": 4}'))]);
    const { model } = await session.inspect(opened.checkpoints[0]!.id, {}, opened.probes[0]!.id);
    expect(model.choices.find((c) => c.key === 'pixels')).toMatchObject({ value: 'recorded', assumed: false });
  });

  it('does not take text, and a language model no pictures', async () => {
    const session = new Session();
    const opened = await session.open([...folder('families/vit'), source('probes/gpt2/corpus.txt', 'corpus.txt')]);
    expect(await whyUnfit(opened.probes[0]!, opened.checkpoints[0]!, ['tokenizer.json'], notAsked)).toContain('text does not fit');
    const other = await session.open([source('probes/gpt2/model.safetensors'), source('pictures/grey.png')]);
    expect(await whyUnfit(other.probes[0]!, other.checkpoints[0]!, [], notAsked)).toContain('pictures do not fit');
  });
});

describe('what files record', () => {
  it('losses by their names, without the placeholders of nanoGPT', () => {
    const of = (entries: Record<string, string>) => recordedLosses(new Map(Object.entries(entries)));
    expect(of({ best_val_loss: '1.5', 'config.loss': 'mse', iter_num: '7', 'a.train_loss': '2' })).toEqual([{ name: 'best_val_loss', value: 1.5 }, { name: 'a.train_loss', value: 2 }]);
    expect(of({ best_val_loss: '1000000000.0' })).toEqual([]);
    expect(of({ 'trainer_state.best_metric': '0.5', 'trainer_state.metric_for_best_model': 'eval_loss' })).toEqual([{ name: 'trainer_state.best_metric', value: 0.5 }]);
    expect(of({ 'trainer_state.best_metric': '0.5', 'trainer_state.metric_for_best_model': 'accuracy' })).toEqual([]);
  });

  it('the training data by name', () => {
    const of = (entries: Record<string, string>) => trainedOn(new Map(Object.entries(entries)));
    expect(of({ 'config.dataset': 'openwebtext' })).toBe('trained on "openwebtext", the file says (config.dataset)');
    expect(of({ 'config.fn_name': 'add', 'config.p': '113' })).toBe('trained on "add" modulo 113, the file says (config.fn_name, config.p)');
    expect(of({ 'config.dataset': 'None', 'config.p': '0.1' })).toBeNull();
  });

  it('stands in the evidence of a nanoGPT checkpoint', async () => {
    const opened = await new Session().open([source('families/nanogpt.pt')]);
    expect(opened.checkpoints[0]!.model.evidence).toContain('trained on "random", the file says (config.dataset)');
  });
});
