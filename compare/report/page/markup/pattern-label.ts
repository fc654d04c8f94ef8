import { patterns } from '@redis-messaging/shared/patterns/index';
import { html, type Markup } from './markup.ts';

/** As many as style/ has. */
const COLOURS = 8;

/** The number of a pattern's colour: the same in every report. Others, such as peers, come after. */
export function colourOf(name: string, names: readonly string[]): number {
  const known = patterns.map((pattern) => pattern.name);
  const all = [...known, ...names.filter((other) => !known.includes(other))];
  return all.indexOf(name) % COLOURS;
}

/** A pattern's name with its colour. */
export function label(name: string, names: readonly string[]): Markup {
  return html`<span class="swatch p${colourOf(name, names)}" aria-hidden="true"></span>${name}`;
}
