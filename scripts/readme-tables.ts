import { readFileSync } from 'node:fs';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { variables } from '@redis-messaging/shared/service/config';
import { markdownTable } from '@redis-messaging/shared/text/table';
import { summaryTable } from '../compare/report/text/summary.ts';
import { examples } from '../examples/index.ts';

/** Made by `npm run compare`; see CONTRIBUTING.md. */
const COMPARISON = new URL('../docs/compare.json', import.meta.url);

/** The tables of the README that are made from the code, by the name in their markers. */
export const tables: Readonly<Record<string, string>> = {
  variables: markdownTable(
    ['Variable', 'Default', 'What it does'],
    Object.entries(variables).map(([name, { default: fallback, about }]) => [
      `\`${name}\``,
      fallback && `\`${fallback}\``,
      about,
    ]),
  ),
  compare: summaryTable(JSON.parse(readFileSync(COMPARISON, 'utf8'))),
  examples: markdownTable(
    ['`npm run example --`', 'What it shows'],
    Object.entries(examples).map(([name, { about }]) => [`[\`${name}\`](examples/${name})`, about]),
  ),
  guarantees: markdownTable(
    ['', ...patterns.map(({ name }) => `\`${name}\``)],
    [
      ['Commands', ...patterns.map(({ commands }) => commands.map((command) => `\`${command}\``).join(' '))],
      ['Delivery', ...patterns.map(({ guarantees }) => guarantees.delivery.replaceAll('-', ' '))],
      ['Delivered to', ...patterns.map(({ guarantees }) => guarantees.audience.replaceAll('-', ' '))],
      [
        'Each group gets every message, its members share them',
        ...patterns.map(({ guarantees }) => yesNo(guarantees.groups)),
      ],
      ['Kept while nobody listens', ...patterns.map(({ guarantees }) => yesNo(guarantees.keepsUnread))],
      [
        'Readable for a group that joins late, even after it was handled',
        ...patterns.map(({ guarantees }) => yesNo(guarantees.replays)),
      ],
      [
        'Redelivered after a subscriber crashed with it in flight',
        ...patterns.map(({ guarantees }) => yesNo(guarantees.survivesCrash)),
      ],
      ['In order (one subscriber, `CONCURRENCY=1`)', ...patterns.map(({ guarantees }) => yesNo(guarantees.ordered))],
    ],
  ),
};

/** A text with each table put between its markers, `<!-- NAME -->` and `<!-- /NAME -->`. */
export function withTables(text: string): string {
  return Object.entries(tables).reduce(
    (result, [name, table]) =>
      result.replace(
        new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`),
        (_all, open, close) => `${open}${table}\n${close}`,
      ),
    text,
  );
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
