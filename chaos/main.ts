/** `npm run chaos`: random faults on all patterns at work, and a reckoning by message id. */
import { exitCodeOf, say, tell } from '../local/process/command.ts';
import { stopOnSignals } from '../local/process/stop-on-signals.ts';
import { runCampaign } from './campaign.ts';
import { HELP, readOptions } from './options.ts';
import { render } from './report.ts';

process.exit(await exitCodeOf('chaos', main));

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const signal = stopOnSignals((name) => say(`\nStopping (${name})`));
  say(
    `Seed ${options.seed}: ${options.ms / 1000} s of faults on ${options.patterns.map(({ name }) => name).join(', ')}`,
  );
  try {
    const outcome = await runCampaign(options, say, signal);
    tell(render(outcome, options));
    return outcome.violations.length === 0 ? 0 : 1;
  } catch (error) {
    signal.throwIfAborted();
    say(`The campaign could not go on (seed ${options.seed}): ${(error as Error).message}`);
    return 1;
  }
}
