import { testLapackTypes } from './lapack-types';

testLapackTypes([1, 2, 3, 5, 20, 64, 127, 257]);
