/** `npm run advise`: which pattern meets some needs, why the others do not, and, with --prove, whether that is true. */
import { patterns } from '@redis-messaging/shared/patterns/index';
import { exitCodeOf, say, tell } from '../../local/process/command.ts';
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
import { type Completion, runAndReport } from './run-and-report.ts';

/** Also if a need was not measured. */
const NOTHING_FITS = 1;
/** Runs of an experiment whose figures noise may have disturbed; the median counts. */
const REPEATS = 3;

process.exit(await exitCodeOf('advise', main));

async function main(): Promise<number> {
  const options = readNeeds(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const { results, words } = evidenceFor(options);
  const advice = adviceBy(options.needs, results);
  if (!options.prove || !isMeasured(options)) tell(renderAdvice(options.needs, advice, words));
  return options.prove ? await prove(options, advice) : codeOf(advice);
}

function adviceBy(needs: Needs, results: Results | undefined): Advice {
  const candidates = patterns.map(({ name, guarantees }) => ({
    name,
    guarantees,
    speed: results && speedIn(results, name, needs.rate),
  }));
  return advise(needs, candidates);
}

function codeOf({ fitting: [best] }: Advice): number {
  return best && best.open.length === 0 ? 0 : NOTHING_FITS;
}

/** Whether the advice depends on figures that the proof measures: then it comes after the proof. */
function isMeasured({ needs, results }: AdviseOptions): boolean {
  return results === undefined && (needs.p99 !== undefined || needs.rate !== undefined);
}

async function prove(options: AdviseOptions, advice: Advice): Promise<number> {
  const { needs, seed, out } = options;
  const steps = stepsFor(needs);
  if (steps.length === 0) {
    tell('\nNothing to prove: every pattern meets these needs.');
    return codeOf(advice);
  }
  const defaults = readOptions(seed === undefined ? [] : ['--seed', seed]) as Options;
  const asked = Object.entries(needs).flatMap(([need, value]) => (value === undefined ? [] : [`--${need} ${value}`]));
  const again = ['npm run advise --', ...asked, `--prove --seed ${defaults.seed}`].join(' ');
  const run = { ...defaults, experiments: experimentsOf(steps), out };
  const results = await runAndReport(run, again, repeatDisturbed(needs, advice, run));
  if (results.interrupted) return INTERRUPTED;
  const shown = shownBy(results, advice, steps);
  tell(`\n${renderProof(needs, shown)}`);
  const final = isMeasured(options) ? adviceBy(needs, results) : advice;
  if (isMeasured(options)) tell(`\n${renderAdvice(needs, final, 'figures that were measured just now')}`);
  return shown.some(contradicts) ? NOTHING_FITS : codeOf(final);
}

/** Runs experiments whose figures miss a need several times more, because noise may be the reason: then the median counts. */
function repeatDisturbed(needs: Needs, advice: Advice, given: Options): Completion {
  return async (results, run) => {
    const disturbed = toRepeat(shownBy(results, advice, stepsFor(needs)), advice);
    if (results.interrupted || disturbed.length === 0) return results;
    say(`Perhaps noise: ${disturbed.map(({ name }) => name).join(', ')} again, ${REPEATS} times; the median counts`);
    const repeated = await run({ ...given, experiments: disturbed, repeat: REPEATS });
    const fresh = (name: string) => repeated.experiments.find((experiment) => experiment.name === name);
    const experiments = results.experiments.map((experiment) => fresh(experiment.name) ?? experiment);
    return { ...results, seconds: results.seconds + repeated.seconds, interrupted: repeated.interrupted, experiments };
  };
}
