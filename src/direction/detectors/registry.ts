/** Every detector, in the order in which people read about them: one line each. */
import { deadChannels } from './dead-channels';
import { deadUnits } from './dead-units';
import type { Detector } from './detector';
import { duplicatedUnits } from './duplicated-units';
import { normKernel } from './norm-kernel';
import { spectralTail } from './spectral-tail';
import { symmetries } from './symmetries';
import { zeroTensors } from './zero-tensors';

export const DETECTORS: readonly Detector[] = [deadUnits, deadChannels, duplicatedUnits, spectralTail, normKernel, zeroTensors, symmetries];
