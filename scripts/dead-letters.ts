/**
 * `npm run dead-letters`: lists the dead letters of the patterns that keep messages, with their reasons; replays chosen ones.
 *
 *   npm run dead-letters                        lists all, by pattern
 *   npm run dead-letters -- queue --limit 20    lists one pattern's oldest 20
 *   npm run dead-letters -- stream replay 1 3   replays the first and the third
 *   npm run dead-letters -- queue replay all
 */

import { parseArgs } from 'node:util';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import { isSilence } from '@redis-messaging/shared/redis/watchdog';
import { type Config, ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { redisAddress, redisServers } from '@redis-messaging/shared/service/redis-options';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { list } from './dead-letters/list.ts';
import type { KeepingPattern, Place } from './dead-letters/place.ts';
import { replay } from './dead-letters/replay.ts';

/** A Redis that has let so many attempts to connect go by, of a second each, is unreachable. */
const MOST_SILENCES = 3;

/** What to do with the dead letters of some patterns. */
interface Command {
  readonly patterns: readonly KeepingPattern[];
  /** @returns whether it could be done in full */
  execute(place: Place): Promise<boolean>;
}

const keeping = patterns.filter((pattern): pattern is KeepingPattern => pattern.deadLetters !== undefined);
const USAGE = `usage: npm run dead-letters [-- [PATTERN] [--limit N]]
       npm run dead-letters -- PATTERN replay all | NUMBER ...
PATTERN: ${keeping.map((pattern) => pattern.name).join(', ')}; N: how many to list of each; NUMBER: as in the list`;

// Whoever reads has seen enough, as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const command = commandOf(args);
  if (!command) return fail(USAGE);
  loadDotEnv();
  try {
    const config = loadConfig();
    let isDone = true;
    for (const pattern of command.patterns) {
      const topic = config.topics.get(pattern) as string;
      await using connection = await connectOnce(config, topic);
      isDone = (await command.execute({ redis: connection.client, pattern, topic })) && isDone;
    }
    return isDone ? 0 : 1;
  } catch (error) {
    if (error instanceof ConfigError) return fail(`fix these environment variables:\n${error.message}`);
    return fail(sanitize((error as Error).message, 1000));
  }
}

/** The command of the arguments; `undefined` if it is wrong. */
function commandOf(args: readonly string[]): Command | undefined {
  const parsed = parse(args);
  if (!parsed) return undefined;
  const { limit, words } = parsed;
  const [name, verb, ...numbers] = words;
  const chosen = keeping.filter((pattern) => name === undefined || pattern.name === name);
  if (chosen.length === 0) return undefined;
  if (verb === undefined)
    return { patterns: chosen, execute: (place) => list(place, limit ?? Number.POSITIVE_INFINITY) };
  if (verb !== 'replay' || limit !== undefined) return undefined;
  if (numbers.join() === 'all') return { patterns: chosen, execute: (place) => replay(place, 'all') };
  const wanted = new Set(numbers.map(positive));
  return wanted.size > 0 && !wanted.has(undefined)
    ? { patterns: chosen, execute: (place) => replay(place, wanted as ReadonlySet<number>) }
    : undefined;
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { limit: { type: 'string' } },
      allowPositionals: true,
    });
    const limit = values.limit === undefined ? undefined : positive(values.limit);
    return limit === undefined && values.limit !== undefined ? undefined : { limit, words: positionals };
  } catch {
    return undefined;
  }
}

/** A whole number, 1 or more. */
function positive(word: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(word) ? Number(word) : undefined;
}

/** Connects once to the server that has a topic; unlike a service it does not wait for a Redis that is unreachable. */
async function connectOnce(config: Config, topic: string): Promise<Connection> {
  const given = new AbortController();
  let silences = 0;
  const events = {
    onUp() {},
    onDown(_connection: object, reason: string) {
      if (isSilence(reason) && ++silences < MOST_SILENCES) return;
      const text = `Redis at ${redisAddress(config)} is unreachable (${reason}); set REDIS_HOST or REDIS_URL`;
      given.abort(new Error(text));
    },
    onClosed() {},
  };
  return await connect(redisServers(config, 'dead-letters').optionsFor(topic), events, given.signal);
}

/** Prints an error. @returns the exit code */
function fail(text: string): number {
  console.error(text);
  return 1;
}
