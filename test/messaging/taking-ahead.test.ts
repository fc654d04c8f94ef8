import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Topic } from '@redis-messaging/shared/messaging/messaging';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { countOf } from '../support/redis-stats.ts';
import { keeping, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const MESSAGES = 4000;
const RUNS = 5;
/** What is taken at once, at the most. */
const MOST_TAKEN = 500;

/** Asks Redis by a process of its own, so that this one can do nothing meanwhile. */
function askMeanwhile(command: string): string {
  const script = `const line = require('net').connect(${use.own.server.port}, '127.0.0.1');
    line.end(${JSON.stringify(`${command}\r\n`)}); line.pipe(process.stdout);`;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
}

/** How many messages Redis has handed over. */
function handedOver({ name, pattern }: Topic<number>): number {
  if (pattern.name === 'stream')
    return Number(/entries-read\r\n:(\d+)/.exec(askMeanwhile(`XINFO GROUPS ${name}`))?.[1]);
  return MESSAGES - Number(/^:(\d+)/.exec(askMeanwhile(`LLEN ${name}`))?.[1]);
}

test.each(keeping)(
  '%s: Redis reads the next messages while many are handled, unless they would be popped for good',
  async (_name, pattern) => {
    /** How many Redis had handed over in the middle, and were not handled. */
    const ahead = async (middle: number) => {
      const topic = use.topic(pattern);
      await topic.producer().sendBatch(upTo(MESSAGES));
      let handled = 0;
      let found = 0;
      topic.consume({}, () => {
        if (++handled === middle) found = handedOver(topic) - handled;
      });
      await until('all to be handled', () => handled === MESSAGES);
      await use.settled(topic);
      return found;
    };
    // Less is taken for a while after a moment in which this process stood still, as the handlers were slow.
    const found: number[] = [];
    for (let run = 0; run < RUNS && !found.some((each) => each > MOST_TAKEN); run++)
      found.push(await ahead(MESSAGES / 2 + run));
    const most = Math.max(...found);
    expect(most > MOST_TAKEN).toBe(pattern.guarantees.delivery === 'at-least-once');
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2 * MOST_TAKEN);
  },
);

test.each(surviving)('%s: Redis need not look at messages one by one to acknowledge them', async (_name, pattern) => {
  const { redis } = use.own;
  const topic = use.topic(pattern);
  await topic.producer().sendBatch(upTo(MESSAGES));
  await redis.configResetStat();
  let handled = 0;
  topic.consume({}, () => {
    handled++;
  });
  await until('all to be handled', () => handled === MESSAGES);
  await use.settled(topic);
  const looks = (await countOf(redis, 'xpending')) + (await countOf(redis, 'lpos'));
  expect(looks).toBeLessThan(MESSAGES / 10);
});

const sizes = [
  ['small', 10, 20_000],
  ['large', 256 * 1024, 100],
] as const;

test.each(surviving.flatMap(([name, pattern]) => sizes.map((size) => [name, ...size, pattern] as const)))(
  '%s: while acknowledgements are not answered, no more %s messages are taken than fit into memory',
  async (_name, size, bytes, count, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic<string>(pattern);
    const late = use.messaging({ redis: { socket: { host: '127.0.0.1', port: line.port }, name: 'late' } });
    const producer = topic.producer();
    for (let sent = 0; sent < count; sent += 100) await producer.sendBatch(upTo(100).map(() => '.'.repeat(bytes)));
    let handled = 0;
    late.topic<string>(topic.name, { pattern }).consume({}, () => {
      if (++handled !== 10) return;
      line.holdFrom(/XACK|LINDEX/);
      void use.own.redis.scriptFlush(); // so that the text of the script that acknowledges is sent again
    });
    let before = -1;
    await until('nothing more to be handled', async () => {
      const isStill = handled === before && before > 10;
      before = handled;
      await sleep(200);
      return isStill;
    });
    expect(handled).toBeLessThanOrEqual(size === 'small' ? 8 * MOST_TAKEN : 60);
    line.release();
    await until('all to be handled', () => handled >= count);
    await use.settled(topic);
    expect(handled).toBe(count);
  },
);
