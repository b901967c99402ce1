/**
 * The part of plotly that is used here: core (with scatter), bar and heatmap. None of them makes code from strings, so the page needs no
 * unsafe-eval; MathJax is never loaded.
 */
import bar from 'plotly.js/lib/bar';
import * as plotly from 'plotly.js/lib/core';
import heatmap from 'plotly.js/lib/heatmap';

plotly.register([bar, heatmap]);

export default plotly;
