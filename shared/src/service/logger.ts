import { isatty } from 'node:tty';
import pino, { type LogFn, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';
import { sanitize, sanitizeLines } from '../text/sanitize.ts';

export type Logger = PinoLogger;

interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  readonly format: 'pretty' | 'json';
}

/**
 * The log of a service, on standard output: `json`, one object a line with `level`, `time` (ISO), `service`, `event` and
 * `msg`; or `pretty`, `10:30:15.123 text`. Written before the call returns, so that nothing is missing after an exit.
 *
 * Both are fit to be shown, whoever wrote what stands in them: texts that are fields, and all of `msg` but its line breaks. (Text of
 * others in a `msg` must be sanitized before, or it could look like a line of its own.)
 */
export function createLogger({ service, level, format }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: shown },
    hooks: { logMethod: writeShown },
  };
  if (format === 'json') return pino(options, pino.destination({ dest: STDOUT, sync: true }));
  return Object.assign(pino(options, prettyStream()), { [FOR_PEOPLE]: true }); // its children inherit that
}

/** The fields of a line, with texts that are fit to be shown. */
const shown = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? sanitize(value, Number.POSITIVE_INFINITY) : value,
    ]),
  );

function writeShown(this: PinoLogger, args: Parameters<LogFn>, write: LogFn): void {
  const safe = args.map((part: unknown) => (typeof part === 'string' ? sanitizeLines(part) : part));
  write.apply(this, safe as typeof args);
}

const FOR_PEOPLE = Symbol('for people');

/** Whether a log is written for people, who read some lines a second at most. */
export const isForPeople = (log: Logger): boolean => FOR_PEOPLE in log;

/**
 * Standard output, as a file descriptor. Whoever so much as looks at `process.stdout` makes a pipe non-blocking; then each time that
 * it is full, a synchronous write stands still for 100 ms.
 */
const STDOUT = 1;

/** Colours as NO_COLOR and FORCE_COLOR say, else where standard output is a terminal. */
function wantsColour(): boolean {
  if (process.env.NO_COLOR) return false;
  return isatty(STDOUT) || Boolean(process.env.FORCE_COLOR);
}

function prettyStream() {
  return pretty({
    destination: STDOUT,
    sync: true,
    colorize: wantsColour(),
    customColors: 'message:reset',
    ignore: 'pid,hostname,level,time,service',
    hideObject: true,
    messageFormat(log, messageKey, _levelLabel, { colors }) {
      const time = colors.gray(clockTime(log.time as string));
      const text = String(log[messageKey]);
      if (log.level === 'error' || log.level === 'fatal') return `${time} ${colors.red(text)}`;
      return `${time} ${log.level === 'warn' ? colors.yellow(text) : text}`;
    },
  });
}

/** Local time with milliseconds. */
function clockTime(iso: string): string {
  const date = new Date(iso);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
