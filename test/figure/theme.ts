import type { Theme } from '../../src/figure/theme';

/** Tokens for tests: every colour is told apart. */
export const theme: Theme = {
  paper: '#ffffff',
  ink: '#000000',
  muted: '#555555',
  hairline: '#eeeeee',
  band: '#dddddd',
  dead: '#999999',
  activation: '#0072b2',
  fisher: '#b56a00',
  singular: '#a1387a',
  gauge: '#00704f',
  sans: 'sans',
  mono: 'mono',
};
