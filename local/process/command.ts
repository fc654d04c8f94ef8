import { sanitizeLines } from '@redis-messaging/shared/text/sanitize';
import { INTERRUPTED, Stopped } from './stop-on-signals.ts';

/** The exit code of a command whose options are wrong. */
export const BAD_OPTIONS = 2;

/** Wrong options of a command: a line for each mistake. */
export class OptionsError extends Error {}

/** Prints lines beside the results of a command: on standard error. Texts of others in them cannot act on the terminal. */
export const say = (text: string): void => {
  process.stderr.write(`${sanitizeLines(text)}\n`);
};

/** Prints results, as `say` does: on standard output. */
export const tell = (text: string): void => {
  process.stdout.write(`${sanitizeLines(text)}\n`);
};

/** Runs a command. Prints wrong options behind its name. @returns its exit code; INTERRUPTED after Ctrl-C, BAD_OPTIONS for wrong options */
export async function exitCodeOf(name: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Stopped) return INTERRUPTED;
    if (!(error instanceof OptionsError)) throw error;
    for (const line of error.message.split('\n')) say(`${name}: ${line}`);
    return BAD_OPTIONS;
  }
}
