/** The hot loops in TypeScript: the reference for WebAssembly, and what runs where it cannot. */
import type { HotLoops } from '../hot-loops';
import { multiplyGram } from './gram-product';
import { multiplyPanels, subtractPanels } from './matrix-product';
import { addRows, multiplyRows, multiplyTriangle, sweepRows } from './reductions';
import { makeReflector, packRows } from './reflectors';
import { applyLowerReflectors, applyRowReflectors, residualSquares, rotateRows } from './vectors';
import { scaleRow, subtractRows } from './double-double-rows';
import { addSlices, sliceVectors } from './slices';
import { packIntegers, placeTiles, residuePairs, spanVectors } from './integers';
import { makeResidues, mixedRadix, multiplyBytes, multiplyResidues, splitResidues } from './residues';

export const typescriptLoops: HotLoops = {
  addSlices,
  sliceVectors,
  multiplyPanels,
  multiplyPanelsRelaxed: multiplyPanels,
  subtractPanels,
  subtractPanelsRelaxed: subtractPanels,
  multiplyTriangle,
  multiplyRows,
  addRows,
  spanVectors,
  packIntegers,
  makeResidues,
  multiplyResidues,
  splitResidues,
  multiplyBytes,
  mixedRadix,
  residuePairs,
  placeTiles,
  sweepRows,
  makeReflector,
  packRows,
  applyRowReflectors,
  applyLowerReflectors,
  residualSquares,
  multiplyGram,
  subtractRows,
  scaleRow,
  rotateRows,
};
