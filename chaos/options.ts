import { accessSync, constants, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { choosePatterns, patternWords } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { OptionsError } from '../local/process/command.ts';
import type { Fault } from './faults/fault.ts';
import { allFaults, clusterFaults, faults as usualFaults } from './faults/index.ts';
import { type Planned, parsePlan } from './history.ts';

/** What a campaign is to do. */
export interface Options {
  /** How long faults happen: ms. */
  readonly ms: number;
  readonly seed: number;
  readonly patterns: readonly Pattern[];
  /** The faults to choose from. */
  readonly faults: readonly Fault[];
  /** A history to repeat, in place of one that the seed makes. */
  readonly plan: readonly Planned[] | undefined;
  /** Whether Redis is a Cluster. */
  readonly isCluster: boolean;
  /** Messages per second, of each pattern. */
  readonly rate: number;
  /** The program of the server; the one on PATH if not given. */
  readonly redis: string | undefined;
  /** The words of further options that a repetition needs. */
  readonly words: readonly string[];
}

const RATE = 200;

const settings = {
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  patterns: { type: 'string', default: 'all' },
  only: { type: 'string' },
  faults: { type: 'string' },
  cluster: { type: 'boolean', default: false },
  rate: { type: 'string' },
  redis: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const width = Math.max(...allFaults.map(({ name }) => name.length));

export const HELP = `npm run chaos -- [OPTIONS]

Random faults on all patterns at work, then a reckoning by message id: nothing lost and nothing stuck where a pattern
promises it. Exits with 1 if a promise was broken, and prints the faults at that time.

  --minutes N      how long faults happen (default: 1); or --seconds N
  --seed N         seed of the faults, and every third of DEDUPE_TTL (default: a new one, which is printed)
  --patterns LIST  ${patternWords.join(', ')} (default: all)
  --only LIST      only these faults
  --faults FILE    the faults of this file, in place of random ones: lines as a failure prints them
  --cluster        on a private Cluster of three primaries with replicas, with faults of its own
  --rate N         messages per second, of each pattern (default: ${RATE})
  --redis PATH     the server's program (default: REDIS_SERVER, else redis-server or valkey-server from PATH)

Faults:
${allFaults.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')}
`;

/**
 * @returns the options; `undefined` for --help
 * @throws OptionsError that names every mistake
 */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const mistakes: string[] = [];

  function number(name: 'minutes' | 'seconds' | 'seed' | 'rate', fallback: number, min: number, max: number): number {
    const text = values[name];
    const value = text === undefined ? fallback : /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    const isFine = value >= min && value <= max && (name !== 'seed' || Number.isInteger(value));
    if (!isFine) mistakes.push(`--${name} ${text}: expected a number from ${min} to ${max}`);
    return value;
  }

  const patterns = choosePatterns(values.patterns);
  if (!patterns)
    mistakes.push(
      `--patterns ${values.patterns}: expected one of ${patternWords.join(', ')}, or several with commas between`,
    );
  if (values.minutes !== undefined && values.seconds !== undefined)
    mistakes.push('--minutes and --seconds: expected one of them');
  const seconds = number('seconds', 60 * number('minutes', 1, 0.1, 24 * 60), 5, 24 * 60 * 60);
  const options = {
    ms: Math.round(seconds * 1000),
    seed: number('seed', Math.floor(Math.random() * 1_000_000), 0, Number.MAX_SAFE_INTEGER),
    patterns: patterns ?? [],
    faults: chooseFaults(values.only, values.cluster ? clusterFaults : usualFaults, mistakes),
    isCluster: values.cluster,
    plan: readPlan(values.faults, mistakes),
    rate: number('rate', RATE, 1, 10_000),
    redis: checkProgram(values.redis, mistakes),
    words: [
      ...(values.cluster ? ['--cluster'] : []),
      ...(['only', 'faults', 'rate', 'redis'] as const).flatMap((name) =>
        values[name] === undefined ? [] : [`--${name} ${values[name]}`],
      ),
    ],
  };
  if (mistakes.length > 0) throw new OptionsError(mistakes.join('\n'));
  return options;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: settings });
  } catch (error) {
    throw new OptionsError(`${(error as Error).message} (npm run chaos -- --help shows all options)`);
  }
}

function chooseFaults(list: string | undefined, all: readonly Fault[], mistakes: string[]): readonly Fault[] {
  if (list === undefined) return all.filter(({ isExtra }) => !isExtra);
  const words = list.split(',').map((word) => word.trim());
  const names = all.map(({ name }) => name);
  const unknown = words.filter((word) => !names.includes(word));
  if (unknown.length > 0) mistakes.push(`--only ${unknown.join(',')}: expected some of ${names.join(', ')}`);
  return all.filter(({ name }) => words.includes(name));
}

function checkProgram(path: string | undefined, mistakes: string[]): string | undefined {
  try {
    if (path !== undefined) accessSync(path, constants.X_OK);
  } catch {
    mistakes.push(`--redis ${path}: expected the path of a program, such as /usr/bin/redis-server`);
  }
  return path;
}

function readPlan(path: string | undefined, mistakes: string[]): Planned[] | undefined {
  if (path === undefined) return undefined;
  try {
    return parsePlan(readFileSync(path, 'utf8'), allFaults);
  } catch (error) {
    mistakes.push(`--faults ${path}: ${(error as Error).message}`);
    return undefined;
  }
}
