/** A vision transformer with LayerNorms over each query and each key. */
import { NORMED } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies(NORMED);
