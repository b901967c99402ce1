/** Classifiers of sequences: BERT's through its pooler, DistilBERT's through ReLU units. */
import { CLASSIFIERS } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies(CLASSIFIERS);
