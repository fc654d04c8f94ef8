import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Topic } from '@redis-messaging/shared/messaging/messaging';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { keeping, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const MESSAGES = 4000;
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
    const topic = use.topic(pattern);
    await topic.producer().sendBatch(upTo(MESSAGES));
    let handled = 0;
    let ahead = 0;
    topic.consume({}, () => {
      if (++handled === MESSAGES / 2) ahead = handedOver(topic) - handled;
    });
    await until('all to be handled', () => handled === MESSAGES);
    await use.settled(topic);
    expect(ahead > MOST_TAKEN).toBe(pattern.guarantees.delivery === 'at-least-once');
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThanOrEqual(2 * MOST_TAKEN);
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
  const { calls } =
    /cmdstat_(?:xpending|lpos):calls=(?<calls>\d+)/.exec(await redis.info('commandstats'))?.groups ?? {};
  expect(Number(calls ?? 0)).toBeLessThan(MESSAGES / 10);
});

test.each(surviving)(
  '%s: while acknowledgements are not answered, no more is taken than fits into memory',
  async (_name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic(pattern);
    const late = use.messaging({ redis: { socket: { host: '127.0.0.1', port: line.port }, name: 'late' } });
    for (const _ of upTo(5)) await topic.producer().sendBatch(upTo(MESSAGES));
    const handled: number[] = [];
    late.topic<number>(topic.name, { pattern }).consume({}, (value) => {
      if (handled.push(value) !== MOST_TAKEN) return;
      line.holdFrom(/XACK|LINDEX/);
      void use.own.redis.scriptFlush(); // so that the text of the script that acknowledges is sent again
    });
    let before = -1;
    await until('nothing more to be handled', async () => {
      const isStill = handled.length === before && before > MOST_TAKEN;
      before = handled.length;
      await sleep(200);
      return isStill;
    });
    expect(handled.length).toBeLessThanOrEqual(8 * MOST_TAKEN);
    line.release();
    await until('all to be handled', () => handled.length >= 5 * MESSAGES);
    await use.settled(topic);
    expect(handled).toEqual(upTo(5).flatMap(() => upTo(MESSAGES)));
  },
);
