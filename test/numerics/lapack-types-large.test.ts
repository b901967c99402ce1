import { testLapackTypes } from './lapack-types';

testLapackTypes([512]);
