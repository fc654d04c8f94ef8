import { INTERRUPTED, Stopped } from './stop-on-signals.ts';

/** The exit code of a command that does not understand what it was asked. */
export const BAD_OPTIONS = 2;

/** What a command was asked and cannot do: a line for each mistake. */
export class OptionsError extends Error {}

/** Runs a command. @returns its exit code; that of an interrupted one, or of bad options, which are said behind its name */
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
