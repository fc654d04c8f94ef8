/** `npm run compare`: the same load and the same faults for every pattern, and whether each promise was kept. */
import { loadDotEnv } from '@redis-messaging/shared/service/config';
import { exitCodeOf, say } from '../../local/process/command.ts';
import { INTERRUPTED } from '../../local/process/stop-on-signals.ts';
import type { Results } from '../measure/result.ts';
import { HELP, readOptions } from '../options/options.ts';
import type { Options } from '../runner/options.ts';
import { againstBaseline, readBaseline } from '../verdict/baseline.ts';
import { runAndReport } from './run-and-report.ts';

process.exit(await exitCodeOf('compare', main));

async function main(): Promise<number> {
  loadDotEnv();
  const options = readOptions(process.argv.slice(2), process.env);
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  return await compare(options);
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
