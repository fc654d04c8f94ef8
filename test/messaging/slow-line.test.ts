import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Topic } from '@redis-messaging/shared/messaging/messaging';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { startTlsRedis } from '../support/tls.ts';
import { all, useMessaging } from './use-messaging.ts';

const use = useMessaging();
/** More than the watchdog waits for an answer. */
const SECONDS = 5;
const BYTES = 2 * 1024 * 1024;

test(
  'a message that takes longer to arrive than Redis may be silent arrives once, by every pattern',
  use.calm(async () => {
    await using secure = await startTlsRedis({ settings: ['tls-auth-clients no'] });
    const plain = all.map(async ([, pattern]) => {
      expect(await slowly(use.topic<string>(pattern), use.own.server.port)).toEqual([1, BYTES, 0]);
    });
    const url = `rediss://127.0.0.1:${secure.tlsPort}`;
    const tls = { tls: true, ca: readFileSync(secure.ca) } as const;
    const topic = use.messaging({ redis: { url, socket: tls } }).topic<string>('with TLS', { pattern: stream });
    expect(await slowly(topic, secure.tlsPort, tls)).toEqual([1, BYTES, 0]);
    await Promise.all(plain);
  }),
);

/**
 * @param topic over a line that is not slow
 * @returns how many messages arrived, how long they are together, and how often the line was made anew
 */
async function slowly(topic: Topic<string>, port: number, tls: object = {}): Promise<number[]> {
  const { pattern } = topic;
  await using line = await TcpProxy.to(port);
  const messaging = use.messaging({ redis: { socket: { host: '127.0.0.1', port: line.port, ...tls } } });
  const received: number[] = [];
  const consumer = messaging.topic<string>(topic.name, { pattern }).consume({}, (value) => received.push(value.length));
  const producer = topic.producer();
  await Promise.all([consumer.ready, producer.ready(1, 1, AbortSignal.timeout(10_000))]);
  line.slow(BYTES / SECONDS);
  await producer.send('x'.repeat(BYTES));
  await until('it to arrive', () => received.length > 0);
  return [received.length, received[0] ?? 0, messaging.reconnects];
}
