import { choosePatterns, patternWords } from '@redis-messaging/shared/patterns/index';
import { TLS_VARIABLES } from '@redis-messaging/shared/redis/options';
import { OptionsError } from '../../local/process/command.ts';
import type { Environment } from '../../local/process/environment.ts';
import type { Experiment } from '../experiments/experiment.ts';
import { experimentsFor, experimentsWithServers } from '../experiments/index.ts';
import type { Options } from '../runner/options.ts';
import { parseOptions } from './parse.ts';

const DEFAULTS = { messages: 1000, rate: 600, size: 0, subscribers: '2,5' };
const FULL = { messages: 5000, rate: 1000, size: 0, subscribers: '2,5' };

const settings = {
  patterns: { type: 'string', default: 'all' },
  experiments: { type: 'string', default: 'all' },
  messages: { type: 'string' },
  rate: { type: 'string' },
  size: { type: 'string' },
  subscribers: { type: 'string' },
  seed: { type: 'string' },
  repeat: { type: 'string', default: '1' },
  full: { type: 'boolean', default: false },
  peers: { type: 'boolean', default: false },
  redis: { type: 'string' },
  force: { type: 'boolean', default: false },
  out: { type: 'string', default: 'report' },
  baseline: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export const HELP = `npm run compare -- [OPTIONS]

The same load and the same faults for every pattern, with a verdict on each promise.

  --patterns LIST      ${patternWords.join(', ')} (default: all)
  --experiments LIST   names, or beginnings of names: redis-killed (default: all but those with several servers, which
                       begin with cluster and sentinel)
  --messages N         messages of a run, by each pattern (default: ${DEFAULTS.messages}; with --full ${FULL.messages})
  --rate N             messages per second, where the rate is fixed (default: ${DEFAULTS.rate}; with --full ${FULL.rate})
  --size BYTES         least size of a message (default: about 170)
  --subscribers LIST   numbers of subscribers at the same time (default: ${DEFAULTS.subscribers})
  --seed N             seed of the faults (default: a new one, which is printed)
  --repeat N           runs everything N times; results are medians, with their spread (default: 1)
  --full               more messages and more subscribers; takes longer
  --redis URL          your Redis instead of a private one; experiments that would kill it are left out. Without a password:
                       that goes to REDIS_PASSWORD_FILE; or all goes to REDIS_URL, or REDIS_HOST, and there is no --redis
  --force              allows a Redis that holds other data (only keys of the comparison are touched)
  --out DIR            folder for results.json, index.html and summary.md (default: report)
  --baseline FILE      an earlier results.json: lists what got worse, and exits with 1 if something did
  --peers              also BullMQ, bee-queue and plain ioredis
`;

/** The variables that lead to a Redis. */
const REDIS_VARIABLES = [
  ...['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_PASSWORD_FILE'],
  ...TLS_VARIABLES,
];

/**
 * @param environment its variables may name the user's Redis
 * @returns the options; `undefined` for --help
 * @throws OptionsError that names every mistake
 */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Options | undefined {
  const mistakes: string[] = [];
  const values = parseOptions(args, settings, 'npm run compare');
  if (values.help) return undefined;
  const defaults = values.full ? FULL : DEFAULTS;

  function number(name: 'messages' | 'rate' | 'size' | 'seed' | 'repeat', fallback: number, min: number, max: number) {
    const text = values[name];
    const value = text === undefined ? fallback : /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      mistakes.push(`--${name} ${text}: expected a whole number from ${min} to ${max}`);
    return value;
  }
  function counts(text: string): number[] {
    const numbers = text.split(',').map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
    if (numbers.every((count) => count >= 2 && count <= 50)) return numbers;
    mistakes.push(`--subscribers ${text}: expected whole numbers from 2 to 50 with commas between`);
    return [];
  }

  const patterns = choosePatterns(values.patterns);
  if (!patterns)
    mistakes.push(
      `--patterns ${values.patterns}: expected one of ${patternWords.join(', ')}, or several with commas between`,
    );
  const subscribers = counts(values.subscribers ?? defaults.subscribers);
  const all = experimentsFor(subscribers);
  const experiments = chooseExperiments(values.experiments, all, mistakes);
  const redis = redisOf(values.redis, environment, mistakes);
  const options = {
    patterns: patterns ?? [],
    experiments,
    subscribers,
    messages: number('messages', defaults.messages, 100, 1_000_000),
    rate: number('rate', defaults.rate, 10, 100_000),
    size: number('size', defaults.size, 0, 10_000_000),
    seed: number('seed', Math.floor(Math.random() * 1_000_000), 0, Number.MAX_SAFE_INTEGER),
    repeat: number('repeat', 1, 1, 100),
    full: values.full,
    peers: values.peers,
    redis,
    force: values.force,
    out: values.out,
    baseline: values.baseline,
  };
  if (mistakes.length > 0) throw new OptionsError(mistakes.join('\n'));
  return options;
}

/** The variables that lead to the Redis of --redis, or of the environment; `undefined` if there is none. */
function redisOf(url: string | undefined, environment: NodeJS.ProcessEnv, mistakes: string[]): Environment | undefined {
  if (url !== undefined && !/^(rediss?|unix):\/\/./.test(url))
    mistakes.push('--redis: expected a URL such as redis://user@host:6379');
  else if (url && /^\w+:\/\/.*:.*@/.test(url))
    mistakes.push(
      '--redis: the URL has a password, and whoever uses this machine can read arguments; expected REDIS_URL=… npm run compare, without --redis',
    );
  if (url === undefined && !environment.REDIS_URL && !environment.REDIS_HOST) return undefined;
  const given = REDIS_VARIABLES.map((name) => [name, environment[name]]);
  return { ...Object.fromEntries(given), ...(url && { REDIS_URL: url }) };
}

function chooseExperiments(list: string, usual: readonly Experiment[], mistakes: string[]): readonly Experiment[] {
  if (list === 'all') return usual;
  const all = [...usual, ...experimentsWithServers];
  const words = list.split(',').map((word) => word.trim());
  const fits = (word: string) => all.filter(({ name }) => name === word || name.startsWith(`${word}-`));
  const unmatched = words.filter((word) => fits(word).length === 0);
  if (unmatched.length > 0)
    mistakes.push(`--experiments ${unmatched.join(',')}: expected some of ${all.map(({ name }) => name).join(', ')}`);
  return all.filter((experiment) => words.some((word) => fits(word).includes(experiment)));
}
