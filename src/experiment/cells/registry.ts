/** Every cell of the table, one file per structure. */
import { analyticCells } from './analytic';
import { attention } from './attention';
import type { Cell } from '../cell';
import { chains } from './chains';
import { gated } from './gated';
import { matrixChains } from './matrix-chains';
import { nodes } from './nodes';
import { norms } from './norms';
import { units } from './units';

export const CELLS: readonly Cell[] = [...chains, ...matrixChains, ...nodes, ...gated, ...units, ...norms, ...attention, ...analyticCells];
