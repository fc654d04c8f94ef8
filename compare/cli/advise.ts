/** `npm run advise`: which pattern meets some needs, why the others do not, and, with --prove, whether that is true. */
import { existsSync } from 'node:fs';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { exitCodeOf } from '../../local/process/command.ts';
import { INTERRUPTED } from '../../local/process/stop-on-signals.ts';
import type { Advice } from '../advice/advice.ts';
import { renderAdvice, renderProof } from '../advice/advice-text.ts';
import { advise } from '../advice/advisor.ts';
import { type AdviseOptions, DEFAULT_RESULTS, HELP, readNeeds } from '../advice/needs.ts';
import { contradicts, experimentsOf, shownBy, stepsFor } from '../advice/proof.ts';
import { speedIn } from '../advice/speed.ts';
import type { Results } from '../measure/result.ts';
import { readOptions } from '../options/options.ts';
import type { Options } from '../runner/options.ts';
import { readBaseline } from '../verdict/baseline.ts';
import { runAndReport } from './run-and-report.ts';

const NOTHING_FITS = 1;

const tell = (text: string) => process.stdout.write(`${text}\n`);

process.exit(await exitCodeOf('advise', main));

async function main(): Promise<number> {
  const options = readNeeds(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const known = earlierResults(options);
  const candidates = patterns.map(({ name, guarantees }) => ({
    name,
    guarantees,
    speed: known && speedIn(known, name),
  }));
  const advice = advise(options.needs, candidates);
  tell(renderAdvice(options.needs, advice));
  const fits = advice.fitting.length > 0 ? 0 : NOTHING_FITS;
  return options.prove ? Math.max(fits, await prove(options, advice)) : fits;
}

/** The results of an earlier comparison; with --prove none, because they will be measured. */
function earlierResults({ results, prove }: AdviseOptions): Results | undefined {
  if (results !== undefined) return readBaseline(results, '--results');
  return !prove && existsSync(DEFAULT_RESULTS) ? readBaseline(DEFAULT_RESULTS, '--results') : undefined;
}

async function prove({ needs, seed, out }: AdviseOptions, advice: Advice): Promise<number> {
  const steps = stepsFor(needs);
  if (steps.length === 0) {
    tell('\nNothing to prove: every pattern meets these needs.');
    return 0;
  }
  const defaults = readOptions(seed === undefined ? [] : ['--seed', seed]) as Options;
  tell('');
  const asked = Object.entries(needs).flatMap(([need, value]) => (value === undefined ? [] : [`--${need} ${value}`]));
  const again = ['npm run advise --', ...asked, `--prove --seed ${defaults.seed}`].join(' ');
  const results = await runAndReport({ ...defaults, experiments: experimentsOf(steps), out }, again);
  if (results.interrupted) return INTERRUPTED;
  const shown = shownBy(results, advice, steps);
  tell(`\n${renderProof(needs, shown)}`);
  return shown.some(contradicts) ? NOTHING_FITS : 0;
}
