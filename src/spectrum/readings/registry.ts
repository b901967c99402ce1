/** The readings of a spectrum, in the order in which they are shown. */
import { deficit } from './deficit';
import { lambdaMax } from './lambda-max';
import { lambdaPlusMin } from './lambda-plus-min';
import { logDetPlus } from './log-det-plus';
import { rank } from './rank';
import { sigmaMin } from './sigma-min';
import { stableRank } from './stable-rank';
import { trace } from './trace';
import type { ReadingKind } from '../types';

export const READINGS: readonly ReadingKind[] = [sigmaMin, lambdaPlusMin, logDetPlus, rank, deficit, stableRank, trace, lambdaMax];
