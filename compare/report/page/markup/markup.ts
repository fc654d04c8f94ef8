import { sanitize } from '@redis-messaging/shared/text/sanitize';

/** Longer than any text of this project; longer texts in results.json are cut. */
const LONGEST_TEXT = 600;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to be part of a page. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text and numbers are escaped, markup is taken as it is, `undefined` and `null` are nothing. */
export type Content = Markup | string | number | null | undefined | readonly Content[];

/** Makes markup of a template. All that is put in is escaped, also between the quotes of an attribute. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((all, string, index) => `${all}${render(values[index - 1])}${string}`));
}

/** JSON that can stand in a script element: nothing in it can end the element or begin a comment. */
export function json(value: unknown): Markup {
  const text = JSON.stringify(value, (_key, part) => (typeof part === 'string' ? sanitize(part, LONGEST_TEXT) : part));
  return new Markup(text.replaceAll('<', '\\u003c'));
}

function render(content: Content): string {
  if (content === undefined || content === null) return '';
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(render).join('');
  return sanitize(String(content), LONGEST_TEXT).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
