import { type Content, html, type Markup } from './markup.ts';

/** A table: a row's first cell is its header. */
export interface Table {
  /** What it shows; read out, and the name of the region that scrolls. */
  readonly caption: string;
  /** The first is that of the rows' headers. */
  readonly header: readonly Content[];
  readonly rows: readonly (readonly Content[])[];
  /** What it looks like: a class of style/. */
  readonly look: 'numbers' | 'words';
}

/** A table in a region of its own that scrolls where the screen is narrow, also by keyboard. */
export function renderTable({ caption, header, rows, look }: Table): Markup {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
<table class="${look}">
<caption>${caption}</caption>
<thead><tr>${header.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(([first, ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table>
</div>`;
}

/** A table that is folded until it is opened. */
export function foldedTable(summary: string, table: Table): Markup {
  return html`<details><summary>${summary}</summary>${renderTable(table)}</details>`;
}
