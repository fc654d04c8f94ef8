import { INTERRUPTED, Stopped } from './stop-on-signals.ts';

/** The exit code of a command whose options are wrong. */
export const BAD_OPTIONS = 2;

/** Wrong options of a command: a line for each mistake. */
export class OptionsError extends Error {}

/** Runs a command. Prints wrong options behind its name. @returns its exit code; INTERRUPTED after Ctrl-C, BAD_OPTIONS for wrong options */
export async function exitCodeOf(name: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Stopped) return INTERRUPTED;
    if (!(error instanceof OptionsError)) throw error;
    for (const line of error.message.split('\n')) process.stderr.write(`${name}: ${line}\n`);
    return BAD_OPTIONS;
  }
}
