import { parseArgs } from 'node:util';
import { OptionsError } from '../../local/process/command.ts';

const WORDS = {
  loss: ['none', 'crash-ok', 'any'],
  duplicates: ['none', 'ok'],
  late: ['yes', 'no'],
  order: ['yes', 'no'],
} as const;

type Word<Name extends keyof typeof WORDS> = (typeof WORDS)[Name][number];

/** What somebody needs of messaging. Each is an option of the same name. */
export interface Needs {
  /** What may be lost of what Redis accepted: nothing; what is in hand at a crash; anything. */
  readonly loss: Word<'loss'>;
  /** Whether a message may have its effect twice. */
  readonly duplicates: Word<'duplicates'>;
  /** How many kinds of consumers need every message. */
  readonly fanout: number;
  /** How many share the work of each kind. */
  readonly workers: number;
  /** Whether who comes later must get the past. */
  readonly late: Word<'late'>;
  /** Whether messages must be handled in the order in which they were published. */
  readonly order: Word<'order'>;
  /** From when a message is due to its delivery, for 99 of 100: ms. */
  readonly p99: number | undefined;
  /** Messages a second. */
  readonly rate: number | undefined;
}

export type Need = keyof Needs;

/** What `npm run advise` is told. */
export interface AdviseOptions {
  readonly needs: Needs;
  /** The figures of an earlier comparison; `undefined` = the default file, if there is one. */
  readonly results: string | undefined;
  readonly prove: boolean;
  /** Of the proof's faults; `undefined` = a new one. */
  readonly seed: string | undefined;
  /** Where the proof's report goes. */
  readonly out: string;
}

export const DEFAULT_RESULTS = 'report/results.json';
const DEFAULT_OUT = 'report/proof';

const settings = {
  loss: { type: 'string', default: 'none' },
  duplicates: { type: 'string', default: 'ok' },
  fanout: { type: 'string', default: '1' },
  workers: { type: 'string', default: '1' },
  late: { type: 'string', default: 'no' },
  order: { type: 'string', default: 'no' },
  p99: { type: 'string' },
  rate: { type: 'string' },
  results: { type: 'string' },
  prove: { type: 'boolean', default: false },
  seed: { type: 'string' },
  out: { type: 'string', default: DEFAULT_OUT },
  help: { type: 'boolean', default: false },
} as const;

export const HELP = `npm run advise -- [OPTIONS]

Names the pattern that fits what you need, and says why each other one does not.

What you need:
  --loss WORD          what may be lost of what Redis accepted (default: none)
                         none      nothing, also when a subscriber crashes with messages in hand
                         crash-ok  what is in hand at a crash, but nothing while nobody listens
                         any       anything: what is not heard at once is worth nothing
  --duplicates WORD    none: no message may have its effect twice; ok: handlers can bear it (default: ok)
  --fanout N           how many kinds of consumers need every message, such as billing and search (default: 1)
  --workers N          how many share the work of each kind (default: 1)
  --late yes|no        whether a consumer that comes later must get the past: history, replay (default: no)
  --order yes|no       whether messages must be handled in the order of their publication (default: no)
  --p99 MS             99 of 100 messages are delivered within so many ms (default: does not matter)
  --rate N             messages a second (default: does not matter)

How to know:
  --results FILE       figures for --p99 and --rate, of an earlier npm run compare (default: ${DEFAULT_RESULTS}, if it is there)
  --prove              runs the experiments that concern these needs, with every pattern, and says whether they agree; figures
                       for --p99 and --rate are then from this run
  --seed N             of the proof's faults (default: a new one)
  --out DIR            for the proof's report (default: ${DEFAULT_OUT})

Ends with 0 if a pattern fits (and the proof agrees), 1 if not, 2 if the options cannot be understood.
`;

/**
 * @returns the options; `undefined` if only help is wanted
 * @throws OptionsError that names every mistake
 */
export function readNeeds(args: readonly string[]): AdviseOptions | undefined {
  const mistakes: string[] = [];
  const values = parse(args);
  if (values.help) return undefined;

  function word<Name extends keyof typeof WORDS>(name: Name): Word<Name> {
    const words: readonly Word<Name>[] = WORDS[name];
    const found = words.find((each) => each === values[name].toLowerCase());
    if (!found) mistakes.push(`--${name} ${values[name]}: expected ${words.join(', ').replace(/, (?!.*, )/, ' or ')}`);
    return found ?? (words[0] as Word<Name>);
  }
  function whole(name: 'fanout' | 'workers' | 'rate' | 'seed', text: string, min: number, max: number): number {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      mistakes.push(`--${name} ${text}: expected a whole number from ${min} to ${max}`);
    return value;
  }
  function milliseconds(text: string): number {
    const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= 86_400_000)) mistakes.push(`--p99 ${text}: expected ms, a number above 0`);
    return value;
  }

  const options = {
    needs: {
      loss: word('loss'),
      duplicates: word('duplicates'),
      fanout: whole('fanout', values.fanout, 1, 1000),
      workers: whole('workers', values.workers, 1, 1000),
      late: word('late'),
      order: word('order'),
      p99: values.p99 === undefined ? undefined : milliseconds(values.p99),
      rate: values.rate === undefined ? undefined : whole('rate', values.rate, 1, 10_000_000),
    },
    results: values.results,
    prove: values.prove,
    seed: values.seed,
    out: values.out,
  };
  if (values.seed !== undefined) whole('seed', values.seed, 0, Number.MAX_SAFE_INTEGER);
  if (mistakes.length > 0) throw new OptionsError(mistakes.join('\n'));
  return options;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: settings }).values;
  } catch (error) {
    throw new OptionsError(`${(error as Error).message} (npm run advise -- --help shows all options)`);
  }
}
