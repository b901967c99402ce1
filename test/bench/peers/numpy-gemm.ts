/** numpy with the general product, as of two matrices. */
import type { PeerModule } from '../implementation';
import { pythonImplementation } from './python';

export const open: PeerModule['open'] = () => pythonImplementation('numpy-gemm', 'numpy', 'gemm');
