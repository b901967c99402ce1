/** What the module exports: the functions of HotLoops, arrays as addresses. */
export { addTiles, multiplyTiles } from './exact-products';
export { multiplyPanels } from './matrix-product';
export { multiplyTransposed, sweepRows, sweepTriangle } from './reductions';
export { makeResidues, mixedRadix, multiplyResidues } from './residues';
export { applyPackedReflectors, applyRowReflectors, residualSquares, rotateRows } from './vectors';
export { subtractRows } from './double-double-rows';
