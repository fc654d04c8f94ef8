import { readFileSync } from 'node:fs';
import { serviceRights } from '@redis-messaging/shared/access/service-rights';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Rights } from '@redis-messaging/shared/patterns/pattern';
import { variables } from '@redis-messaging/shared/service/config';
import { formatNumber, markdownTable } from '@redis-messaging/shared/text/table';
import { BUSIEST, TOGETHER } from '../compare/experiments/servers/primaries.ts';
import type { Measured, Results } from '../compare/measure/result.ts';
import { repeatCommand } from '../compare/options/repeat.ts';
import { code, lines, Markdown, markdown } from '../compare/report/text/markdown.ts';
import { summaryTable } from '../compare/report/text/summary.ts';
import { examples } from '../examples/index.ts';

/** Made by `npm run compare`; see CONTRIBUTING.md. */
const COMPARISON = new URL('../docs/compare.json', import.meta.url);
/** The same, with several servers; see docs/scaling.md. */
const SCALING = new URL('../docs/scaling.json', import.meta.url);

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

/** In a second. */
const MICROS = 1e6;

/** A table that is made from the code, and the document that has it. */
interface DocumentTable {
  readonly document: string;
  readonly content: string;
}

const scaling = scalingResults();

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
  failover: {
    document: 'docs/scaling.md',
    content: comparison(
      chosen(scaling, ({ figures }) => !(BUSIEST in figures)),
      '\n',
    ),
  },
  primaries: { document: 'docs/scaling.md', content: primariesTable(scaling) },
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
function comparison(results: Results, gap = ' '): string {
  const { machine, startedAt } = results;
  const where = markdown`${machine.redis}, Node ${machine.node.slice(1)}, ${machine.cores} cores`;
  const from = markdown`From ${code(repeatCommand(results))},${new Markdown(gap)}${startedAt.slice(0, 10)}: ${where}.`;
  return lines(summaryTable(results), markdown``, from).text;
}

/** Only those experiments whose measurements meet a condition. */
function chosen(results: Results, condition: (measured: Measured) => boolean): Results {
  return {
    ...results,
    experiments: results.experiments.filter(({ patterns }) => Object.values(patterns).every(condition)),
  };
}

/** The CPU of a message by the number of primaries, and how many messages 3 and 10 primaries carry by it. */
function primariesTable(results: Results): string {
  const { experiments } = chosen(results, ({ figures }) => BUSIEST in figures);
  const rows = patterns.map(({ name, isPartitionable }) => {
    const all = experiments.map((experiment) => experiment.patterns[name]?.figures ?? {});
    const each = all.map((figures) => `${figures[BUSIEST]} / ${figures[TOGETHER]}`);
    const together = Number(all.at(-1)?.[TOGETHER]);
    const [alone, most] = [all[0], all.at(-1)].map((figures) => Number(figures?.[BUSIEST])) as [number, number];
    const forwarding = Math.max(0, most - alone) / (all.length - 1); // to each further primary
    const carried = (primaries: number) =>
      isPartitionable ? (primaries * MICROS) / together : MICROS / (alone + forwarding * (primaries - 1));
    return [
      `\`${name}\``,
      ...each,
      ...[3, 10].map((primaries) => formatNumber(Math.floor(carried(primaries) / 1000) * 1000)),
    ];
  });
  const titles = experiments.map((_, index) => `${index + 1} ${index === 0 ? 'primary' : 'primaries'}`);
  return markdownTable(['µs per message: busiest / together', ...titles, '3 carry (messages/s)', '10 carry'], rows);
}

/** With the shortest command that measures the same again. */
function scalingResults(): Results {
  const results: Results = JSON.parse(readFileSync(SCALING, 'utf8'));
  const { seed, options } = results;
  return {
    ...results,
    again: `npm run compare -- --experiments cluster,sentinel --messages ${options.messages} --seed ${seed}`,
  };
}
