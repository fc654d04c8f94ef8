/**
 * `npm run dead-letters`: lists the dead letters of the patterns that keep messages, with their reasons; replays chosen ones.
 *
 *   npm run dead-letters                        lists all, by pattern
 *   npm run dead-letters -- queue               lists one pattern's
 *   npm run dead-letters -- stream replay 1 3   replays the first and the third
 *   npm run dead-letters -- queue replay all
 */

import type { DeadLetter } from '@redis-messaging/shared/delivery/dead-letters';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import { type Config, ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { redisAddress, redisOptions } from '@redis-messaging/shared/service/redis-options';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { renderTable } from '@redis-messaging/shared/text/table';

const keeping = patterns.filter((pattern) => pattern.deadLetters);
const USAGE = `usage: npm run dead-letters [-- PATTERN [replay all | replay NUMBER ...]]
PATTERN: ${keeping.map((pattern) => pattern.name).join(', ')}; NUMBER: as in the list`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const command = commandOf(args);
  if (!command) return fail(USAGE);
  loadDotEnv();
  try {
    const config = loadConfig();
    const connection = await connectOnce(config);
    try {
      for (const pattern of command.patterns) await execute(connection.client, config, pattern, command.numbers);
    } finally {
      await connection.close();
    }
    return 0;
  } catch (error) {
    return fail((error instanceof ConfigError ? 'fix these environment variables:\n' : '') + (error as Error).message);
  }
}

/** The command of the arguments: whose dead letters, and which of them to replay (`undefined`: only list). `undefined` if it is wrong. */
function commandOf([name, verb, ...words]: readonly string[]) {
  if (name === undefined) return { patterns: keeping, numbers: undefined };
  const pattern = keeping.find((candidate) => candidate.name === name);
  if (!pattern) return undefined;
  if (verb === undefined) return { patterns: [pattern], numbers: undefined };
  const numbers = words[0] === 'all' && words.length === 1 ? ('all' as const) : words.map(Number);
  const isSound =
    numbers === 'all' || (numbers.length > 0 && numbers.every((number) => Number.isInteger(number) && number > 0));
  return verb === 'replay' && isSound ? { patterns: [pattern], numbers } : undefined;
}

/** Connects once; unlike a service it does not wait for a Redis that is unreachable. */
async function connectOnce(config: Config): Promise<Connection> {
  const given = new AbortController();
  const events = {
    onUp() {},
    onDown: (_connection: object, reason: string) =>
      given.abort(
        new Error(`Redis at ${redisAddress(config)} is unreachable (${reason}); set REDIS_HOST or REDIS_URL`),
      ),
    onClosed() {},
  };
  return await connect(redisOptions(config, 'dead-letters'), events, given.signal);
}

async function execute(redis: Redis, config: Config, pattern: Pattern, numbers: 'all' | readonly number[] | undefined) {
  const topic = config.topics.get(pattern) as string;
  const letters = (await pattern.deadLetters?.list(redis, topic)) ?? [];
  if (numbers === undefined) return show(pattern, letters);
  const chosen = numbers === 'all' ? letters : letters.filter((_letter, index) => numbers.includes(index + 1));
  for (const letter of chosen) await replay(redis, pattern, topic, letter);
  console.log(`${pattern.name}: put ${chosen.length} of ${letters.length} dead letters back into '${topic}'`);
}

/**
 * Puts a dead letter back into its topic, as it was published. First back, then off the dead letters: a crash in between
 * leaves it in both, never in none.
 */
async function replay(redis: Redis, pattern: Pattern, topic: string, letter: DeadLetter): Promise<void> {
  await pattern.publish(redis, topic, [letter.payload]);
  await pattern.deadLetters?.remove(redis, topic, letter);
}

function show(pattern: Pattern, letters: readonly DeadLetter[]): void {
  console.log(`${pattern.name}: ${letters.length} dead ${letters.length === 1 ? 'letter' : 'letters'}`);
  const rows = letters.map(({ at, payload, reason }, index) => [
    `${index + 1}`,
    at,
    `${payload.length}`,
    sanitize(reason, 80),
    sanitize(payload.toString('utf8', 0, 200), 60),
  ]);
  if (rows.length > 0) console.log(renderTable(['#', 'at', 'bytes', 'reason', 'payload'], rows));
}

/** Prints an error. @returns the exit code */
function fail(text: string): number {
  console.error(text);
  return 1;
}
