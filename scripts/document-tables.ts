import { readFileSync } from 'node:fs';
import { serviceRights } from '@redis-messaging/shared/access/service-rights';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Rights } from '@redis-messaging/shared/patterns/pattern';
import { variables } from '@redis-messaging/shared/service/config';
import { markdownTable } from '@redis-messaging/shared/text/table';
import type { Results } from '../compare/measure/result.ts';
import { repeatCommand } from '../compare/options/repeat.ts';
import { code, lines, markdown } from '../compare/report/text/markdown.ts';
import { summaryTable } from '../compare/report/text/summary.ts';
import { examples } from '../examples/index.ts';

/** Made by `npm run compare`; see CONTRIBUTING.md. */
const COMPARISON = new URL('../docs/compare.json', import.meta.url);

/** The variables that the README explains; docs/configuration.md explains all. */
const FIRST_VARIABLES = [
  'PATTERN',
  'PUBLISH_INTERVAL',
  'MESSAGE_COUNT',
  'WORK_TIME',
  'CONCURRENCY',
  'RECLAIM_AFTER',
  'DEDUPE_TTL',
  'HEALTH_PORT',
] as const satisfies readonly (keyof typeof variables)[];

/** A table that is made from the code, and the document that has it. */
interface DocumentTable {
  readonly document: string;
  readonly content: string;
}

/** Every such table, by the name in its markers. */
export const tables: Readonly<Record<string, DocumentTable>> = {
  guarantees: { document: 'README.md', content: guaranteesTable() },
  compare: { document: 'README.md', content: comparison(JSON.parse(readFileSync(COMPARISON, 'utf8'))) },
  examples: {
    document: 'README.md',
    content: markdownTable(
      ['`npm run example --`', 'What it shows'],
      Object.entries(examples).map(([name, { about }]) => [`[\`${name}\`](examples/${name})`, about]),
    ),
  },
  settings: { document: 'README.md', content: variablesTable(FIRST_VARIABLES) },
  rights: { document: 'docs/rights.md', content: rightsTable() },
  services: { document: 'docs/rights.md', content: servicesTable() },
  variables: { document: 'docs/configuration.md', content: variablesTable(Object.keys(variables)) },
};

/** A function that puts each table of a document between its markers in a text, `<!-- NAME -->` and `<!-- /NAME -->`. */
export function withTablesOf(document: string): (text: string) => string {
  const own = Object.entries(tables).filter(([, table]) => table.document === document);
  return (text) => own.reduce((result, [name, { content }]) => between(name, content, result), text);
}

function between(name: string, content: string, text: string): string {
  return text.replace(
    new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`),
    (_all, open, close) => `${open}${content}\n${close}`,
  );
}

function variablesTable(names: readonly string[]): string {
  const rows = Object.entries(variables)
    .filter(([name]) => names.includes(name))
    .map(([name, { default: fallback, about }]) => [`\`${name}\``, fallback && `\`${fallback}\``, about]);
  return markdownTable(['Variable', 'Default', 'What it does'], rows);
}

function guaranteesTable(): string {
  const yesNo = (value: boolean) => (value ? 'yes' : 'no');
  return markdownTable(
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
  );
}

/** Rights, each once: keys, channels, then commands by their names. */
function words(rights: Rights): string {
  const [commands, others] = [/^\w/, /^\W/].map((form) => rights.filter((right) => form.test(right)).toSorted());
  const all = [...new Set([...(others as string[]).toReversed(), ...(commands as string[])])];
  return all.map((right) => `\`${right.replace('|', '\\|')}\``).join(' ');
}

function rightsTable(): string {
  const rows = patterns.map(({ name, rights: { publish, subscribe, backlog } }) => [
    `\`${name}\``,
    ...[publish, subscribe, backlog].map((rights) => words(rights)),
  ]);
  return markdownTable(['Pattern', 'To publish', 'To subscribe', 'To see what waits and who listens'], rows);
}

function servicesTable(): string {
  const rows = Object.entries(serviceRights).map(([name, { calls, beside, always, live }]) => [
    `\`${name}\``,
    calls.map((call) => ({ publish: 'publish', subscribe: 'subscribe', backlog: 'see what waits' })[call]).join(', '),
    words(beside),
    words(always),
    live.map(({ command, channels }) => words([command, ...channels.map((channel) => `&${channel}`)])).join('; '),
  ]);
  return markdownTable(
    ['Service', 'Of each of its patterns', 'For what it keeps beside the messages', 'Always', 'For the live page'],
    rows,
  );
}

/** The table of a run, and the command that measured it. */
function comparison(results: Results): string {
  const { machine, startedAt } = results;
  const where = markdown`${machine.redis}, Node ${machine.node.slice(1)}, ${machine.cores} cores`;
  const from = markdown`From ${code(repeatCommand(results))}, ${startedAt.slice(0, 10)}: ${where}.`;
  return lines(summaryTable(results), markdown``, from).text;
}
