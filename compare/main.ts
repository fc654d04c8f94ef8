/** `npm run compare`: the same load and the same faults for every pattern, and what came of each promise. */
import { INTERRUPTED, Stopped } from '../local/stop-on-signals.ts';
import { againstBaseline, readBaseline } from './baseline.ts';
import { HELP, type Options, OptionsError, readOptions } from './options.ts';
import type { Results } from './result.ts';
import { runAndReport, say } from './run-and-report.ts';

const BAD_OPTIONS = 2;

process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (!options) {
      process.stdout.write(HELP);
      return 0;
    }
    return await compare(options);
  } catch (error) {
    if (error instanceof Stopped) return INTERRUPTED;
    if (!(error instanceof OptionsError)) throw error;
    for (const line of error.message.split('\n')) say(`compare: ${line}`);
    return BAD_OPTIONS;
  }
}

async function compare(options: Options): Promise<number> {
  const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
  const results = await runAndReport(options);
  const worse = baseline ? againstBaseline(results, baseline) : [];
  for (const line of worse) say(line);
  return exitCode(results, worse.length > 0);
}

function exitCode(results: Results, isWorse: boolean): number {
  if (results.interrupted) return INTERRUPTED;
  const broken = results.experiments.some(
    ({ patterns, skipped, failed = {} }) =>
      skipped?.startsWith('failed') ||
      Object.keys(failed).length > 0 ||
      Object.values(patterns).some(({ verdict }) => verdict === 'broken'),
  );
  return broken || isWorse ? 1 : 0;
}
