import { expect, test } from '@jest/globals';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { all, useMessaging } from './use-messaging.ts';

const use = useMessaging();
/** More than the watchdog waits for an answer. */
const SECONDS = 5;
const BYTES = 2 * 1024 * 1024;

test('a message that takes longer to arrive than Redis may be silent arrives once, by every pattern', async () => {
  await Promise.all(all.map(async ([, pattern]) => expect(await slowly(pattern)).toEqual([1, BYTES, 0])));
});

/** @returns how many messages arrived, how long they are together, and how often the line was made anew */
async function slowly(pattern: Pattern): Promise<number[]> {
  await using line = await TcpProxy.to(use.own.server.port);
  const topic = use.topic<string>(pattern);
  const messaging = use.messaging({ redis: { socket: { host: '127.0.0.1', port: line.port } } });
  const received: number[] = [];
  const consumer = messaging.topic<string>(topic.name, { pattern }).consume({}, (value) => received.push(value.length));
  const producer = topic.producer();
  await Promise.all([consumer.ready, producer.ready(1, 1, AbortSignal.timeout(10_000))]);
  line.slow(BYTES / SECONDS);
  await producer.send('x'.repeat(BYTES));
  await until('it to arrive', () => received.length > 0);
  return [received.length, received[0] ?? 0, messaging.reconnects];
}
