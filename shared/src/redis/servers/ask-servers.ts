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
 * @throws HopelessError as soon as the question throws one, or if none has answered and one refuses us for good; else an Error. It says
 *   why none has answered
 */
export async function askServers<Answer>(
  servers: readonly Address[],
  options: RedisOptions,
  question: (redis: Redis, address: Address) => Promise<Answer>,
): Promise<Answer> {
  const reasons: string[] = [];
  let isHopeless = false;
  for (const address of servers) {
    try {
      return await askServer(address, options, question);
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      isHopeless ||= isRefusedForGood(error as Error);
      reasons.push(`${inWords([address])}: ${describeError(error as Error)}`);
    }
  }
  throw new (isHopeless ? HopelessError : Error)(reasons.join('; '));
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
