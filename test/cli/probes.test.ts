/** Pictures and text on the command line. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { parseCommand } from '../../src/cli/arguments';
import { UsageError } from '../../src/cli/words';
import { ROOT } from '../analysis/run';

const cli = (...words: string[]) => spawnSync('npm', ['run', '--silent', 'cli', '--', 'analyze', ...words], { cwd: ROOT, encoding: 'utf8' });

it('pictures behind --probe are all meant for it', () => {
  expect(parseCommand(['analyze', 'm.pt', '--probe', 'a.png', 'b.PNG', '--seed', '2'])).toMatchObject({ paths: ['m.pt'], probes: ['a.png', 'b.PNG'], text: null });
  expect(parseCommand(['analyze', '--probe', 'a.npz', 'm.pt'])).toMatchObject({ paths: ['m.pt'], probes: ['a.npz'] });
  expect(parseCommand(['llc', 'm.pt', '--text', 'some words'])).toMatchObject({ probes: [], text: 'some words' });
  expect(() => parseCommand(['analyze', 'm.pt', '--probe', 'a.png', '--text', 'x'])).toThrow(UsageError);
});

it('two pictures for a vision transformer', () => {
  const { status, stdout } = cli('test/fixtures/families/vit', '--probe', 'test/fixtures/pictures/grey.png', 'test/fixtures/pictures/grey-alpha.png', '--choice', 'pixels=0 to 1', '--layers', 'classifier', '--json');
  expect(status).toBe(0);
  const report = Report.parse(JSON.parse(stdout));
  expect(report.probe).toMatchObject({ kind: 'pictures', samples: 2, description: 'grey-alpha.png and 1 more: 2 pictures as [2, 4, 4], no targets' });
  expect(report.probe.evidence).toContain('as chosen: pixels / 255');
}, 60_000);
