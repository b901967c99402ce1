/** numpy with the routine that it picks for X^T X: syrk. */
import type { PeerModule } from '../implementation';
import { pythonImplementation } from './python';

export const open: PeerModule['open'] = () => pythonImplementation('numpy', 'numpy', 'gram');
