/** The version that results carry; the same as in package.json (test/analysis holds them together). */
export const APP = 'deadreckon 0.1.0';
