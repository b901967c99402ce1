/** A figure is plain data for plotly: made by pure functions, drawn by one component. */
export interface Figure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
}

/** Names from files are data: plotly would read markup, math and format marks in them. */
export function plain(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\$/g, '&#36;')
    .replace(/%\{/g, '%&#123;');
}
