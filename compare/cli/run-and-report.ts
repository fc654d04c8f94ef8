import { resolve } from 'node:path';
import { say, tell } from '../../local/process/command.ts';
import { stopOnSignals } from '../../local/process/stop-on-signals.ts';
import type { Results } from '../measure/result.ts';
import { renderTerminal } from '../report/text/terminal.ts';
import { prepareFolder, writeReport } from '../report/write.ts';
import type { Options } from '../runner/options.ts';
import { runExperiments } from '../runner/session.ts';

/** Adds to the results of a run before they are reported. @param run runs further experiments, until Ctrl-C */
export type Completion = (results: Results, run: (options: Options) => Promise<Results>) => Promise<Results>;

/**
 * Runs the chosen experiments until Ctrl-C, prints the results, and writes the report. Throws as `runExperiments` and
 * `prepareFolder` do.
 *
 * @param again the command that repeats the run, if the options do not tell it
 */
export async function runAndReport(
  options: Options,
  again?: string,
  complete: Completion = async (results) => results,
): Promise<Results> {
  const folder = resolve(options.out);
  await prepareFolder(folder);
  const signal = stopOnSignals((name) => say(`\nStopping (${name}); the results so far will be written`));
  const run = (some: Options) => runExperiments(some, signal, say);
  const results = { ...(await complete(await run(options), run)), ...(again && { again }) };
  tell(renderTerminal(results));
  const written = await writeReport(folder, results);
  say(`Written: ${written.join(', ')}`);
  return results;
}
