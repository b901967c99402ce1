/** Vision transformers with registers, the mean of all patches, or torchvision's names. */
import { VISION } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies(VISION);
