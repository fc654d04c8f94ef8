import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { markdownTable } from '@redis-messaging/shared/text/table';

/** Longer than any text of this project; longer texts in results.json are cut. */
const LONGEST_TEXT = 600;

/** What Markdown (GitHub's) or HTML makes something of within a line; `_` only at the edge of a word, and what makes a link of an address. */
const MEANINGFUL = /[\\`*[\]<>|~&$]|(?<!\w)_|_(?!\w)|:(?=\/\/)|(?<=\bwww)\.|@/gi;

/** Markdown that is safe to be part of a document. */
export class Markdown {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text and numbers are escaped, Markdown is taken as it is. */
export type Content = Markdown | string | number;

/** Makes Markdown of a template. A text that is put in stays what it is, on one line, whatever stands in it. */
export function markdown(strings: TemplateStringsArray, ...values: readonly Content[]): Markdown {
  const rendered = values.map(render);
  return new Markdown(String.raw({ raw: strings }, ...rendered));
}

/** A text as code. */
export const code = (text: string): Markdown =>
  new Markdown(`\`${sanitize(text, LONGEST_TEXT).replace(/[`|]/g, "'")}\``);

/** A table. */
export const table = (header: readonly Content[], rows: readonly (readonly Content[])[]): Markdown =>
  new Markdown(
    markdownTable(
      header.map(render),
      rows.map((cells) => cells.map(render)),
    ),
  );

/** Blocks or lines, one below the other. */
export const lines = (...all: readonly Markdown[]): Markdown => new Markdown(all.map(({ text }) => text).join('\n'));

/** Line breaks of a text stay such. */
function render(content: Content): string {
  if (content instanceof Markdown) return content.text;
  const escaped = (line: string) => sanitize(line, LONGEST_TEXT).replace(MEANINGFUL, '\\$&');
  return String(content).split('\n').map(escaped).join('<br>');
}
