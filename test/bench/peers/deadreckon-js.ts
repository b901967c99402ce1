import { typescript } from '../../../src/numerics/workspace';
import type { PeerModule } from '../implementation';
import { cpuImplementation } from './deadreckon-cpu';

export const open: PeerModule['open'] = async () => cpuImplementation('deadreckon-js', typescript);
