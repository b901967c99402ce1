/** The vendor's own library, through torch, without TF32. */
import type { PeerModule } from '../implementation';
import { pythonImplementation } from './python';

export const open: PeerModule['open'] = () => pythonImplementation('torch-cuda', 'torch', 'gram');
