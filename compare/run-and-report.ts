import { resolve } from 'node:path';
import { stopOnSignals } from '../local/stop-on-signals.ts';
import type { Options } from './options.ts';
import { renderTerminal } from './report/terminal.ts';
import { writeReport } from './report/write.ts';
import type { Results } from './result.ts';
import { runExperiments } from './session.ts';

/** Says something beside the results: on standard error. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Runs the chosen experiments until Ctrl-C, prints what came of them, and writes the report. Throws as `runExperiments` does. */
export async function runAndReport(options: Options): Promise<Results> {
  const signal = stopOnSignals((name) => say(`\nStopping (${name}); what there is so far will be written`));
  const results = await runExperiments(options, signal, say);
  process.stdout.write(`${renderTerminal(results)}\n`);
  const written = await writeReport(resolve(options.out), results);
  say(`Written: ${written.join(', ')}`);
  return results;
}
