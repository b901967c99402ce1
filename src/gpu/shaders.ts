/** The text of every shader, with the pure functions it requires joined behind it. */
import columnSpan from '../../shaders/column_span.wgsl?raw';
import fisherBlocks from '../../shaders/fisher_blocks.wgsl?raw';
import gram from '../../shaders/gram.wgsl?raw';
import gramQuad from '../../shaders/gram_quad.wgsl?raw';
import integers from '../../shaders/integers.wgsl?raw';
import pair from '../../shaders/lib/pair.wgsl?raw';
import quad from '../../shaders/lib/quad.wgsl?raw';
import reduce from '../../shaders/lib/reduce.wgsl?raw';
import remainder from '../../shaders/lib/remainder.wgsl?raw';
import triangle from '../../shaders/lib/triangle.wgsl?raw';
import matvec from '../../shaders/matvec.wgsl?raw';
import matvecTransposed from '../../shaders/matvec_transposed.wgsl?raw';
import normalize from '../../shaders/normalize.wgsl?raw';
import panels from '../../shaders/panels.wgsl?raw';
import residueGram from '../../shaders/residue_gram.wgsl?raw';
import residueGramQuad from '../../shaders/residue_gram_quad.wgsl?raw';
import residues from '../../shaders/residues.wgsl?raw';
import transpose from '../../shaders/transpose.wgsl?raw';

const library: Record<string, string> = {
  'lib/pair.wgsl': pair,
  'lib/quad.wgsl': quad,
  'lib/reduce.wgsl': reduce,
  'lib/remainder.wgsl': remainder,
  'lib/triangle.wgsl': triangle,
};

/**
 * `text` followed by the files of its `// requires: lib/a.wgsl, lib/b.wgsl` line. Behind it: WGSL wants directives first and
 * does not mind the order of declarations.
 */
export function withRequired(text: string): string {
  const line = /^\/\/ requires: (.+)$/m.exec(text);
  if (!line) return text;
  const parts = line[1]!.split(',').map((name) => {
    const part = library[name.trim()];
    if (part === undefined) throw new Error(`a shader requires ${name.trim()}, which src/gpu/shaders.ts does not list.`);
    return part;
  });
  return [text, ...parts].join('\n');
}

export const shaders = {
  columnSpan: withRequired(columnSpan),
  fisherBlocks: withRequired(fisherBlocks),
  gram: withRequired(gram),
  gramQuad: withRequired(gramQuad),
  integers: withRequired(integers),
  matvec: withRequired(matvec),
  matvecTransposed: withRequired(matvecTransposed),
  normalize: withRequired(normalize),
  panels: withRequired(panels),
  residueGram: withRequired(residueGram),
  residueGramQuad: withRequired(residueGramQuad),
  residues: withRequired(residues),
  transpose: withRequired(transpose),
};
