/** The hot loops in TypeScript: the reference for WebAssembly, and what runs where it cannot. */
import type { HotLoops } from '../hot-loops';
import { multiplyTiles } from './exact-products';
import { multiplyPanels } from './matrix-product';
import { multiplyTransposed, sweepRows, sweepTriangle } from './reductions';
import { applyPackedReflectors, applyRowReflectors, residualSquare, rotateRows } from './vectors';
import { subtractRows } from './double-double-rows';

export const typescriptLoops: HotLoops = {
  multiplyTiles,
  multiplyPanels,
  sweepTriangle,
  sweepRows,
  multiplyTransposed,
  applyRowReflectors,
  applyPackedReflectors,
  residualSquare,
  subtractRows,
  rotateRows,
};
