/** The hot loops in TypeScript: the reference for WebAssembly, and what runs where it cannot. */
import type { HotLoops } from '../hot-loops';
import { addTiles, multiplyTiles } from './exact-products';
import { multiplyPanels } from './matrix-product';
import { multiplyTransposed, sweepRows, sweepTriangle } from './reductions';
import { makeResidues, mixedRadix, multiplyResidues } from './residues';
import { applyPackedReflectors, applyRowReflectors, residualSquares, rotateRows } from './vectors';
import { subtractRows } from './double-double-rows';

export const typescriptLoops: HotLoops = {
  multiplyTiles,
  addTiles,
  multiplyPanels,
  makeResidues,
  multiplyResidues,
  mixedRadix,
  sweepTriangle,
  sweepRows,
  multiplyTransposed,
  applyRowReflectors,
  applyPackedReflectors,
  residualSquares,
  subtractRows,
  rotateRows,
};
