/** Vision transformers with registers, the mean of all patches, a token of distillation, or torchvision's names. */
import { DISTILLED, VISION } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies([...VISION, ...DISTILLED]);
