/** The architecture's import table, held by a test: who may know whom, no cycles, every registry complete. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Folder -> folders that it may import, besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  numerics: ['base'],
  gpu: ['base', 'numerics', 'shaders'],
  checkpoint: ['base'],
  model: ['base', 'numerics', 'checkpoint'],
  probe: ['base', 'numerics'],
  spectrum: ['base', 'numerics'],
  theory: ['base'],
  direction: ['base', 'numerics', 'theory', 'spectrum', 'model'],
  llc: ['base', 'numerics', 'model', 'probe', 'spectrum', 'theory'],
  experiment: ['base', 'numerics', 'checkpoint', 'model', 'probe', 'spectrum', 'theory', 'direction', 'llc', 'analysis'],
  analysis: ['base', 'numerics', 'checkpoint', 'model', 'probe', 'spectrum', 'theory', 'direction', 'llc'],
  worker: ['analysis', 'base'],
  store: ['base', 'analysis', 'worker'],
  figure: ['analysis'],
  view: ['base', 'analysis', 'store', 'figure', 'worker'],
  cli: ['base', 'analysis', 'checkpoint', 'numerics', 'gpu', 'model', 'worker', 'direction', 'experiment'],
};

/** Files that wire folders together, and what they may import beyond their folder's row. */
const COMPOSITION: Record<string, readonly string[]> = {
  'main.tsx': ['store', 'view', 'worker', 'analysis'],
  'worker/engine.worker.ts': ['gpu', 'numerics', 'checkpoint', 'experiment'],
  'worker/solve-job.ts': ['numerics'],
  'worker/pool.ts': ['numerics'],
  'worker/product.worker.ts': ['numerics'],
};

/** Package -> the only places that may import it. */
const VENDORS: Record<string, readonly string[]> = {
  '@tensorflow/': ['gpu/'],
  webgpu: ['gpu/dawn.ts'],
  'plotly.js': ['view/plotly.ts', 'view/Plot.tsx'],
  zustand: ['store/', 'view/'],
  react: ['view/', 'main.tsx'],
  'react-dom': ['view/', 'main.tsx'],
  fflate: ['analysis/link.ts', 'checkpoint/'],
  zod: ['analysis/', 'store/', 'view/'],
  'fast-png': ['checkpoint/formats/png.ts'],
  '@huggingface/tokenizers': ['probe/tokenizer.ts'],
  'node:': ['cli/', 'gpu/dawn.ts', 'numerics/wasm/build.ts'],
  assemblyscript: ['numerics/wasm/build.ts'],
  tsx: ['cli/solver-thread.mjs', 'cli/product-thread.mjs'],
};

interface Import {
  file: string;
  line: number;
  specifier: string;
  /** Path below src, or null for a package. */
  target: string | null;
  typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(tsx?|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(path: string): Import[] {
  const file = relative(SRC, path);
  const text = readFileSync(path, 'utf8');
  const found: Import[] = [];
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"]([^'"]+)['"]/g;
  for (const match of text.matchAll(pattern)) {
    const specifier = match[2] ?? match[3] ?? match[4]!;
    const line = text.slice(0, match.index).split('\n').length + (match[0].startsWith('\n') ? 1 : 0);
    const target = specifier.startsWith('.') ? relative(SRC, resolve(dirname(path), specifier)) : null;
    found.push({ file, line, specifier, target, typeOnly: match[1] !== undefined });
  }
  return found;
}

const files = sources(SRC);
const all = files.flatMap(importsOf);
const folderOf = (path: string) => (path.startsWith('../shaders') ? 'shaders' : path.includes('/') ? path.split('/')[0]! : path);

describe('the import table', () => {
  it('covers every folder below src', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name);
    expect(folders.filter((f) => !(f in MAY_IMPORT))).toEqual([]);
  });

  it('is kept by every file', () => {
    const broken = all.flatMap(({ file, line, target }) => {
      if (target === null) return [];
      const from = folderOf(file);
      const to = folderOf(target);
      const allowed = [...(MAY_IMPORT[from] ?? []), ...(COMPOSITION[file] ?? [])];
      return from === to || allowed.includes(to) ? [] : [`${from} may not import ${to} (src/${file}:${line})`];
    });
    expect(broken).toEqual([]);
  });

  it('keeps vendors in their places', () => {
    const broken = all.flatMap(({ file, line, specifier, target }) => {
      if (target !== null) return [];
      const vendor = Object.keys(VENDORS).find((v) => specifier === v || specifier.startsWith(v.endsWith('/') || v.endsWith(':') ? v : `${v}/`));
      if (!vendor) return specifier.endsWith('.css') ? [] : [`${specifier} is in no row of the vendor table (src/${file}:${line})`];
      return VENDORS[vendor]!.some((place) => file.startsWith(place)) ? [] : [`${specifier} may not be imported here (src/${file}:${line})`];
    });
    expect(broken).toEqual([]);
  });

  it('has no cycles', () => {
    const known = new Set(files.map((f) => relative(SRC, f)));
    const edges = new Map<string, string[]>();
    for (const { file, target, typeOnly } of all) {
      if (target === null || typeOnly) continue;
      const to = ['', '.ts', '.tsx', '.mjs'].map((e) => target + e).find((t) => known.has(t));
      if (to) edges.set(file, [...(edges.get(file) ?? []), to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of known) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it.each(['checkpoint/formats', 'model/architectures', 'probe/sources', 'spectrum/readings', 'experiment/cells', 'experiment/recipes'])('%s: every file is registered', (folder) => {
    const registry = readFileSync(join(SRC, folder, 'registry.ts'), 'utf8');
    const members = readdirSync(join(SRC, folder)).filter((f) => f.endsWith('.ts') && f !== 'registry.ts');
    expect(members.length).toBeGreaterThan(0);
    expect(members.filter((f) => !registry.includes(`'./${f.replace(/\.ts$/, '')}'`))).toEqual([]);
  });
});
