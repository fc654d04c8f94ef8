import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { type ConfigError, loadConfig } from '@redis-messaging/shared/service/config';
import { OptionsError } from '../local/process/command.ts';

/** The options of `npm run bench`. */
export interface Options {
  /** The name of a measurement. */
  readonly measurement: string;
  readonly patterns: readonly Pattern[];
  /** How many messages for each pattern; `undefined` = as many as the measurement usually takes. */
  readonly messages: number | undefined;
}

/**
 * The options, from the command line and the environment. @param known the measurements, the default first
 * @throws OptionsError that names every mistake
 */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv, known: readonly string[]): Options {
  const mistakes: string[] = [];
  const [measurement = known[0] as string, ...others] = args;
  if (!known.includes(measurement)) mistakes.push(`"${measurement}": expected one of ${known.join(', ')}`);
  if (others.length > 0) mistakes.push(`"${others.join(' ')}": expected one measurement, and nothing after it`);
  const messages = env.MESSAGES ? wholeNumber(env.MESSAGES) : undefined;
  if (Number.isNaN(messages)) mistakes.push(`MESSAGES="${env.MESSAGES}": expected a whole number, 1 or more`);
  let patterns: readonly Pattern[] = [];
  try {
    patterns = loadConfig({ PATTERN: env.PATTERN || 'all' }).PATTERN;
  } catch (error) {
    mistakes.push((error as ConfigError).message);
  }
  if (mistakes.length > 0) throw new OptionsError(mistakes.join('\n'));
  return { measurement, patterns, messages };
}

/** The number, or NaN if it is not a whole number above 0. */
const wholeNumber = (text: string): number => (/^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN);
