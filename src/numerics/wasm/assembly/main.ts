/** What the module exports: the functions of HotLoops, arrays as addresses. */
export { multiplyGram } from './gram-product';
export { multiplyPanels, subtractPanels } from './matrix-product';
export { multiplyPanels as multiplyPanelsRelaxed, subtractPanels as subtractPanelsRelaxed } from './matrix-product';
export { addRows, multiplyRows, multiplyTriangle, sweepRows } from './reductions';
export { makeReflector, packRows } from './reflectors';
export { applyLowerReflectors, applyRowReflectors, residualSquares, rotateRows } from './vectors';
export { scaleRow, subtractRows } from './double-double-rows';
export { addSlices, sliceVectors } from './slices';
export { multiplyBytes, splitResidues } from './bytes';
export { packIntegers, placeTiles, residuePairs, spanVectors } from './integers';
export { makeResidues, mixedRadix, multiplyResidues } from './residues';
