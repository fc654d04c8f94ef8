import { OptionsError } from '../../local/process/command.ts';
import { parseOptions } from '../options/parse.ts';

const WORDS = {
  loss: ['none', 'crash-ok', 'any'],
  duplicates: ['none', 'ok'],
  late: ['yes', 'no'],
  order: ['yes', 'no'],
} as const;

type Word<Name extends keyof typeof WORDS> = (typeof WORDS)[Name][number];

/** What an application needs from messaging. Each is an option of the same name. */
export interface Needs {
  /** Which accepted messages may be lost: none; those in flight at a crash; any. */
  readonly loss: Word<'loss'>;
  /** Whether a message may take effect twice. */
  readonly duplicates: Word<'duplicates'>;
  /** How many consumer groups need every message. */
  readonly fanout: number;
  /** How many workers share the messages in each group. */
  readonly workers: number;
  /** Whether a group that joins late must be able to read earlier messages. */
  readonly late: Word<'late'>;
  /** Whether messages must be handled in the order in which they were published. */
  readonly order: Word<'order'>;
  /** The latency that 99 of 100 messages stay within: ms. */
  readonly p99: number | undefined;
  /** Messages per second. */
  readonly rate: number | undefined;
}

export type Need = keyof Needs;

/** What is needed if nothing else is said. */
export const USUAL_NEEDS: Needs = {
  loss: 'none',
  duplicates: 'ok',
  fanout: 1,
  workers: 1,
  late: 'no',
  order: 'no',
  p99: undefined,
  rate: undefined,
};

/** The options of `npm run advise`. */
export interface AdviseOptions {
  readonly needs: Needs;
  /** The results of an earlier comparison; `undefined` = see `evidenceFor`. */
  readonly results: string | undefined;
  readonly prove: boolean;
  /** The seed of the proof's faults; `undefined` = a new one. */
  readonly seed: string | undefined;
  /** The folder of the proof's report. */
  readonly out: string;
}

export const DEFAULT_RESULTS = 'report/results.json';
const DEFAULT_OUT = 'report/proof';

const settings = {
  loss: { type: 'string', default: USUAL_NEEDS.loss },
  duplicates: { type: 'string', default: USUAL_NEEDS.duplicates },
  fanout: { type: 'string', default: `${USUAL_NEEDS.fanout}` },
  workers: { type: 'string', default: `${USUAL_NEEDS.workers}` },
  late: { type: 'string', default: USUAL_NEEDS.late },
  order: { type: 'string', default: USUAL_NEEDS.order },
  p99: { type: 'string' },
  rate: { type: 'string' },
  results: { type: 'string' },
  prove: { type: 'boolean', default: false },
  seed: { type: 'string' },
  out: { type: 'string', default: DEFAULT_OUT },
  help: { type: 'boolean', default: false },
} as const;

export const HELP = `npm run advise -- [OPTIONS]

Recommends the pattern that meets your needs, and says why each other one does not.

Needs:
  --loss WORD          which messages that Redis accepted may be lost (default: none)
                         none      none, even when a subscriber crashes with messages in flight
                         crash-ok  those in flight at a crash, but none while nobody listens
                         any       any: a message that is not received at once is worthless
  --duplicates WORD    none: no message may take effect twice; ok: handlers are idempotent (default: ok)
  --fanout N           how many consumer groups need every message, such as billing and search (default: 1)
  --workers N          how many workers share the messages in each group (default: 1)
  --late yes|no        whether a group that joins late must be able to read earlier messages (default: no)
  --order yes|no       whether messages must be handled in the order in which they were published (default: no)
  --p99 MS             the latency that 99 of 100 messages must stay within (default: any)
  --rate N             messages per second (default: any)

Evidence:
  --results FILE       results of an earlier npm run compare, for --p99 and --rate (default: ${DEFAULT_RESULTS}, else
                       those that come with the project, docs/compare.json)
  --prove              runs the experiments that concern these needs, with every pattern, and says whether they agree with the
                       advice; --p99 and --rate are then judged by this run
  --seed N             seed of the proof's faults (default: a new one)
  --out DIR            folder of the proof's report (default: ${DEFAULT_OUT})

Exit code: 0 if a pattern fits (and the proof agrees); 1 if none does, or a need was not measured; 2 if an option is wrong.
`;

/**
 * @returns the options; `undefined` for --help
 * @throws OptionsError that names every mistake
 */
export function readNeeds(args: readonly string[]): AdviseOptions | undefined {
  const mistakes: string[] = [];
  const values = parseOptions(args, settings, 'npm run advise');
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
