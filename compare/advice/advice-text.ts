import { formatDuration, formatNumber, renderTable } from '@redis-messaging/shared/text/table';
import type { Advice, Finding, Judged } from './advice.ts';
import type { Need, Needs } from './needs.ts';
import { contradicts, type Shown } from './proof.ts';

/** Columns of a terminal. */
const WIDTH = 100;

/** The advice as text: the needs, the pattern to use, and why not the others. @param evidence where the figures are from, in words */
export function renderAdvice(needs: Needs, advice: Advice, evidence: string): string {
  const [best, ...more] = advice.fitting;
  return [
    ...wrap('', `Needed: ${wordsFor(needs).join('; ')}.`),
    ...wrap('', `By: ${evidence}.`),
    '',
    ...(best ? recommend(needs, best, more) : refuse(needs, advice)),
    ...(advice.others.length > 0 ? ['', best ? 'Why not the others:' : 'Why not:'] : []),
    ...listed(advice.others, ({ findings }) => reasons(needs, findings, false)),
  ].join('\n');
}

/** The result of the experiments for each need, and whether it agrees with the advice. */
export function renderProof(needs: Needs, shown: readonly Shown[]): string {
  const patterns = [...new Set(shown.map(({ pattern }) => pattern))];
  const steps = [...new Set(shown.map(({ step }) => step))];
  const rows = steps.map((step) => [
    `${step.needs
      .filter((need) => isAsked(needs, need))
      .map((need) => flagOf(needs, need))
      .join(' ')} (${step.experiment.name})`,
    ...patterns.map((pattern) => {
      const cell = shown.find((each) => each.step === step && each.pattern === pattern) as Shown;
      return `${wordFor(cell.met)}${contradicts(cell) ? ' (!)' : ''}`;
    }),
  ]);
  const wrong = shown
    .filter(contradicts)
    .map(
      ({ step, pattern, expected, met }) =>
        `  ${pattern}, ${step.experiment.name}: ${met === undefined ? 'could not be run' : expected ? 'should have met the need' : 'should not have met the need'}`,
    );
  return [
    'Needs that were met in the experiments:',
    renderTable(['', ...patterns], rows),
    '',
    ...(wrong.length === 0
      ? ['The proof agrees with the advice.']
      : ['The proof does NOT agree with the advice:', ...wrong]),
  ].join('\n');
}

const wordFor = (met: Shown['met']): string => (met === undefined ? 'failed' : met ? 'met' : 'not met');

/** A need as an option of the command line. */
const flagOf = (needs: Needs, need: Need): string => `--${need} ${needs[need]}`;

const isAsked = (needs: Needs, need: Need): boolean => !(need === 'fanout' || need === 'workers') || needs[need] > 1;

function wordsFor({ loss, duplicates, fanout, workers, late, order, p99, rate }: Needs): string[] {
  const losses = {
    none: 'nothing is lost, even when a subscriber crashes',
    'crash-ok': 'nothing is lost while nobody listens',
    any: 'losses do not matter',
  };
  const share = workers > 1 ? `, with ${formatNumber(workers)} workers${fanout > 1 ? ' each' : ''}` : '';
  return [
    losses[loss],
    duplicates === 'none' ? 'nothing takes effect twice' : 'duplicates do not matter',
    `${fanout === 1 ? 'one consumer group gets' : `${formatNumber(fanout)} consumer groups get`} every message${share}`,
    ...(late === 'yes' ? ['a group that joins late can read earlier messages'] : []),
    ...(order === 'yes' ? ['in order'] : []),
    ...(p99 === undefined ? [] : [`99 % within ${formatDuration(p99)}`]),
    ...(rate === undefined ? [] : [`${formatNumber(rate)} messages/s`]),
  ];
}

function recommend(needs: Needs, best: Judged, more: readonly Judged[]): string[] {
  const provisos = best.findings.flatMap(({ provided }) => provided ?? []);
  return [
    ...wrap('', best.open.length > 0 ? unsure(needs, best) : sure(best, more)),
    ...best.findings.flatMap(({ need, met, why }) =>
      wrap(`  ${met === undefined ? '?' : '+'} ${flagOf(needs, need).padEnd(FLAG)}  `, why),
    ),
    ...(provisos.length > 0 ? ['', 'Provided that:', ...provisos.flatMap((text) => wrap('  - ', text))] : []),
    ...(more.length > 0 ? ['', 'Also fits:'] : []),
    ...listed(more, (judged) => [...alternative(judged, best), ...reasons(needs, judged.findings, undefined)]),
  ];
}

const sure = ({ name }: Judged, more: readonly Judged[]): string =>
  `Use ${name}: ${more.length === 0 ? 'the only one that fits' : 'the simplest of those that fit'}.`;

const unsure = (needs: Needs, { name, open }: Judged): string =>
  `Not known: ${name} may fit, but ${open.map((need) => flagOf(needs, need)).join(' and ')} was not measured. --prove measures it.`;

function alternative({ beyond }: Judged, best: Judged): string[] {
  const further = beyond.filter((what) => !best.beyond.includes(what));
  if (further.length > 0) return [`does more than needed: ${further.join(', ')}`];
  return [beyond.length === best.beyond.length ? 'promises the same' : 'asks for more'];
}

function refuse(needs: Needs, { inTheWay }: Advice): string[] {
  return [
    'Nothing fits. In conflict:',
    ...inTheWay.map(({ needs: unmet, names }) => {
      const flags = unmet.map((need) => flagOf(needs, need));
      return `  ${flags.join(' with ')}: without ${unmet.length > 1 ? 'these' : 'it'}, ${names.join(', ')} would fit`;
    }),
  ];
}

const FLAG = 18;

/** Lines for the findings that are met, not met, or not measured. */
const reasons = (needs: Needs, findings: readonly Finding[], met: Finding['met']): string[] =>
  findings.filter((finding) => finding.met === met).map(({ need, why }) => `${flagOf(needs, need)}: ${why}`);

function listed(all: readonly Judged[], lines: (judged: Judged) => readonly string[]): string[] {
  const width = Math.max(0, ...all.map(({ name }) => name.length));
  return all.flatMap((judged) =>
    lines(judged).flatMap((line, index) => wrap(`  ${(index === 0 ? judged.name : '').padEnd(width)}  `, line)),
  );
}

/** A text behind a prefix, wrapped to WIDTH; further lines are indented by the length of the prefix. */
function wrap(beginning: string, text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line !== '' && beginning.length + line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line, index) => `${index === 0 ? beginning : ' '.repeat(beginning.length)}${line}`);
}
