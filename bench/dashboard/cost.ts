import {
  ANNOUNCEMENTS_CHANNEL,
  SCHEMA,
  WATCHING_CHANNEL,
  WATCHING_EVERY_MS,
} from '@redis-messaging/shared/live/protocol';
import { ONLOOKER } from '@redis-messaging/shared/redis/slow-subscribers';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { createClient } from 'redis';
import type { Measurement } from './measurement.ts';
import { runOurs } from './throughput.ts';

/** Each of the three is measured this often, by turns; the best counts, because a neighbour can only slow it down. */
const ROUNDS = 5;

/**
 * What the live page costs the services: messages per second as in throughput.ts, without taking part in it (LIVE=off), while nobody
 * looks, and while somebody does.
 */
export const live: Measurement = {
  columns: ['pattern', 'LIVE=off', 'nobody looks', 'share', 'somebody looks', 'share'],
  usualMessages: 200_000,
  async rowsOf(pattern, port, messages) {
    const [off, nobody, somebody]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      off.push(await runOurs(pattern, port, messages));
      nobody.push(await runOurs(pattern, port, messages, { LIVE: 'on' }));
      const lookAway = await look(port);
      somebody.push(await runOurs(pattern, port, messages, { LIVE: 'on' }));
      lookAway();
    }
    const [reference, ...others] = [off, nobody, somebody].map((each) => Math.max(...each));
    const cells = others.flatMap((each) => [
      formatNumber(each),
      `${((100 * each) / (reference as number)).toFixed(0)} %`,
    ]);
    return [[pattern.name, formatNumber(reference as number), ...cells]];
  },
};

/** Looks as the dashboard does. @returns ends it */
async function look(port: number): Promise<() => void> {
  const socket = { host: '127.0.0.1', port };
  const redis = createClient({ socket, RESP: 3, name: `bench${ONLOOKER}` });
  await redis.connect();
  await redis.subscribe(ANNOUNCEMENTS_CHANNEL, () => {});
  const say = () => redis.publish(WATCHING_CHANNEL, JSON.stringify({ kind: 'watching', v: SCHEMA })).catch(() => {});
  await say();
  // More often, because the services run only for a moment.
  const timer = setInterval(() => void say(), WATCHING_EVERY_MS / 20);
  return () => {
    clearInterval(timer);
    redis.destroy();
  };
}
