import { formatNumber, milliseconds, renderTable } from '@redis-messaging/shared/text/table';
import type { Advice, Finding, Judged } from './advisor.ts';
import type { Need, Needs } from './needs.ts';
import { contradicts, type Shown } from './proof.ts';

/** Columns of a terminal. */
const WIDTH = 110;

/** The advice for people: what was asked, what to use, and why not the others. */
export function renderAdvice(needs: Needs, advice: Advice): string {
  const [best, ...more] = advice.fitting;
  return [
    ...wrap('', `Needed: ${wordsFor(needs).join('; ')}.`),
    '',
    ...(best ? recommend(needs, best, more) : refuse(needs, advice)),
    ...(advice.others.length > 0 ? ['', best ? 'Why not the others:' : 'Why not:'] : []),
    ...listed(advice.others, ({ findings }) => reasons(needs, findings, false)),
  ].join('\n');
}

/** What the experiments showed of each need, and whether that is what was advised. */
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
      return `${cell.met === undefined ? 'failed' : cell.met ? 'met' : 'not met'}${contradicts(cell) ? ' (!)' : ''}`;
    }),
  ]);
  const wrong = shown
    .filter(contradicts)
    .map(
      ({ step, pattern, expected, met }) =>
        `  ${pattern}, ${step.experiment.name}: ${met === undefined ? 'could not be run' : expected ? 'should have met the need' : 'should not have met the need'}`,
    );
  return [
    'What this shows of the needs:',
    renderTable(['', ...patterns], rows),
    '',
    ...(wrong.length === 0
      ? ['The proof agrees with the advice.']
      : ['The proof does NOT agree with the advice:', ...wrong]),
  ].join('\n');
}

/** A need as it stands on the command line. */
const flagOf = (needs: Needs, need: Need): string => `--${need} ${needs[need]}`;

const isAsked = (needs: Needs, need: Need): boolean => !(need === 'fanout' || need === 'workers') || needs[need] > 1;

function wordsFor({ loss, duplicates, fanout, workers, late, order, p99, rate }: Needs): string[] {
  const losses = {
    none: 'nothing is lost, also when a subscriber crashes',
    'crash-ok': 'nothing is lost while nobody listens',
    any: 'losses do not matter',
  };
  const share = workers > 1 ? `, with ${formatNumber(workers)} workers${fanout > 1 ? ' each' : ''}` : '';
  return [
    losses[loss],
    duplicates === 'none' ? 'nothing has its effect twice' : 'repetitions do not matter',
    `${fanout === 1 ? 'one kind of consumers gets' : `${formatNumber(fanout)} kinds of consumers get`} every message${share}`,
    ...(late === 'yes' ? ['who comes later gets the past'] : []),
    ...(order === 'yes' ? ['in order'] : []),
    ...(p99 === undefined ? [] : [`99 % within ${milliseconds(p99)}`]),
    ...(rate === undefined ? [] : [`${formatNumber(rate)} messages/s`]),
  ];
}

function recommend(needs: Needs, best: Judged, more: readonly Judged[]): string[] {
  const provisos = best.findings.flatMap(({ provided }) => provided ?? []);
  const open = best.findings.some(({ met }) => met === undefined);
  return [
    `Use ${best.name}: ${more.length === 0 ? 'only it fits' : 'of those that fit it is the simplest'}.`,
    ...best.findings.flatMap(({ need, met, why }) =>
      wrap(`  ${met === undefined ? '?' : '+'} ${flagOf(needs, need).padEnd(FLAG)}  `, why),
    ),
    ...(provisos.length > 0 ? ['', 'Provided that:', ...provisos.flatMap((text) => wrap('  - ', text))] : []),
    ...(open ? ['', '?: not known yet; --prove measures it, or an earlier npm run compare has.'] : []),
    ...(more.length > 0 ? ['', 'Would fit as well:'] : []),
    ...listed(more, (judged) => [...alternative(judged, best), ...reasons(needs, judged.findings, undefined)]),
  ];
}

function alternative({ beyond }: Judged, best: Judged): string[] {
  const further = beyond.filter((what) => !best.beyond.includes(what));
  if (further.length > 0) return [`does more than is needed: ${further.join(', ')}`];
  return [beyond.length === best.beyond.length ? 'promises the same' : 'asks for more'];
}

function refuse(needs: Needs, { inTheWay }: Advice): string[] {
  return [
    'Nothing fits. In the way:',
    ...inTheWay.map(({ needs: unmet, names }) => {
      const flags = unmet.map((need) => flagOf(needs, need));
      return `  ${flags.join(' with ')}: without ${unmet.length > 1 ? 'these' : 'it'}, ${names.join(', ')} would fit`;
    }),
  ];
}

const FLAG = 18;

/** Lines for those of some findings that are met, unmet, or open. */
const reasons = (needs: Needs, findings: readonly Finding[], met: Finding['met']): string[] =>
  findings.filter((finding) => finding.met === met).map(({ need, why }) => `${flagOf(needs, need)}: ${why}`);

function listed(all: readonly Judged[], lines: (judged: Judged) => readonly string[]): string[] {
  const width = Math.max(0, ...all.map(({ name }) => name.length));
  return all.flatMap((judged) =>
    lines(judged).flatMap((line, index) => wrap(`  ${(index === 0 ? judged.name : '').padEnd(width)}  `, line)),
  );
}

/** A text behind a beginning, in lines that are not too long; the further ones are indented as far. */
function wrap(beginning: string, text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line !== '' && beginning.length + line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line, index) => `${index === 0 ? beginning : ' '.repeat(beginning.length)}${line}`);
}
