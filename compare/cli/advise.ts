/** `npm run advise`: which pattern meets some needs, why the others do not, and, with --prove, whether that is true. */
import { patterns } from '@redis-messaging/shared/patterns/index';
import { exitCodeOf } from '../../local/process/command.ts';
import { INTERRUPTED } from '../../local/process/stop-on-signals.ts';
import type { Advice } from '../advice/advice.ts';
import { renderAdvice, renderProof } from '../advice/advice-text.ts';
import { advise } from '../advice/advisor.ts';
import { evidenceFor } from '../advice/evidence.ts';
import { type AdviseOptions, HELP, type Needs, readNeeds } from '../advice/needs.ts';
import { contradicts, experimentsOf, shownBy, stepsFor, toRepeat } from '../advice/proof.ts';
import { speedIn } from '../advice/speed.ts';
import type { Results } from '../measure/result.ts';
import { readOptions } from '../options/options.ts';
import type { Options } from '../runner/options.ts';
import { runAndReport, say } from './run-and-report.ts';

/** Also if a need was not measured. */
const NOTHING_FITS = 1;
/** Runs of an experiment whose figures noise may have disturbed; the median counts. */
const REPEATS = 3;

const tell = (text: string) => process.stdout.write(`${text}\n`);

process.exit(await exitCodeOf('advise', main));

async function main(): Promise<number> {
  const options = readNeeds(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const { results, words } = evidenceFor(options);
  const advice = adviceBy(options.needs, results);
  tell(renderAdvice(options.needs, advice, words));
  return options.prove ? await prove(options, advice) : codeOf(advice);
}

function adviceBy(needs: Needs, results: Results | undefined): Advice {
  const candidates = patterns.map(({ name, guarantees }) => ({
    name,
    guarantees,
    speed: results && speedIn(results, name),
  }));
  return advise(needs, candidates);
}

function codeOf({ fitting: [best] }: Advice): number {
  return best && best.open.length === 0 ? 0 : NOTHING_FITS;
}

async function prove(options: AdviseOptions, advice: Advice): Promise<number> {
  const { needs, seed, out } = options;
  const steps = stepsFor(needs);
  if (steps.length === 0) {
    tell('\nNothing to prove: every pattern meets these needs.');
    return codeOf(advice);
  }
  const defaults = readOptions(seed === undefined ? [] : ['--seed', seed]) as Options;
  tell('');
  const asked = Object.entries(needs).flatMap(([need, value]) => (value === undefined ? [] : [`--${need} ${value}`]));
  const again = ['npm run advise --', ...asked, `--prove --seed ${defaults.seed}`].join(' ');
  const results = await measure({ ...defaults, experiments: experimentsOf(steps), out }, again, options, advice);
  if (results.interrupted) return INTERRUPTED;
  const shown = shownBy(results, advice, steps);
  tell(`\n${renderProof(needs, shown)}`);
  const measured = options.results === undefined ? adviceBy(needs, results) : advice;
  if (needs.p99 !== undefined || needs.rate !== undefined)
    tell(`\n${renderAdvice(needs, measured, 'what was measured now')}`);
  return shown.some(contradicts) ? NOTHING_FITS : codeOf(measured);
}

/** Runs the experiments; those whose figures miss a need several times more, because noise may be the reason: then the median counts. */
async function measure(run: Options, again: string, { needs }: AdviseOptions, advice: Advice): Promise<Results> {
  const results = await runAndReport(run, again);
  const disturbed = toRepeat(shownBy(results, advice, stepsFor(needs)), advice);
  if (results.interrupted || disturbed.length === 0) return results;
  say(`\nPerhaps noise: ${disturbed.map(({ name }) => name).join(', ')} again, ${REPEATS} times; the median counts`);
  const repeated = await runAndReport({ ...run, experiments: disturbed, repeat: REPEATS }, again);
  const fresh = (name: string) => repeated.experiments.find((experiment) => experiment.name === name);
  const experiments = results.experiments.map((experiment) => fresh(experiment.name) ?? experiment);
  return { ...results, interrupted: repeated.interrupted, experiments };
}
