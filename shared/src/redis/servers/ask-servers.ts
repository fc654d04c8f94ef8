import { createOneClient, type Redis, type RedisOptions } from '../client.ts';
import { describeError, HopelessError, isRefusedForGood } from '../outcome.ts';
import type { Address } from './following-client.ts';

/** How long one of several servers may take to be connected to, and to answer: ms. */
const ANSWER_MS = 1000;

/** "host:port", several with commas between. */
export const inWords = (addresses: readonly Address[]): string =>
  addresses.map(({ host, port }) => `${host}:${port}`).join(', ');

/**
 * Asks servers, one after the other, until one answers.
 * @throws HopelessError if each of them refuses us for good, or is not what it should be; else an Error. It says why none has answered
 */
export async function askServers<Answer>(
  servers: readonly Address[],
  options: RedisOptions,
  question: (redis: Redis, address: Address) => Promise<Answer>,
): Promise<Answer> {
  const reasons = new Map<string, string>();
  let isHopeless = true;
  for (const address of servers) {
    const name = inWords([address]);
    if (reasons.has(name)) continue; // it is named twice
    try {
      return await askServer(address, options, question);
    } catch (error) {
      isHopeless &&= isRefusedForGood(error as Error);
      reasons.set(name, describeError(error as Error));
    }
  }
  const said = [...reasons].map(([name, reason]) => `${name}: ${reason}`);
  throw new (isHopeless ? HopelessError : Error)(said.join('; '));
}

/** Asks a server something by a connection of its own. @throws if it cannot be connected to, or does not answer */
export async function askServer<Answer>(
  address: Address,
  options: RedisOptions,
  question: (redis: Redis, address: Address) => Promise<Answer>,
): Promise<Answer> {
  const redis = createOneClient(options, { connectTimeout: ANSWER_MS, ...address, reconnectStrategy: false });
  redis.on('error', () => {}); // the command tells
  const timer = setTimeout(() => redis.destroy(), 2 * ANSWER_MS);
  try {
    await redis.connect();
    return await question(redis, address);
  } finally {
    clearTimeout(timer);
    if (redis.isOpen) redis.destroy();
  }
}
