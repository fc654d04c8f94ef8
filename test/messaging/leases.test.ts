import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { AckFate } from '@redis-messaging/shared/delivery/delivery';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import { launch } from '../../local/process/launch.ts';
import { scriptCommand } from '../../local/process/node-command.ts';
import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import { until } from '../../testkit/until.ts';
import { over, surviving, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const LEASE_MS = 300;
/** The group of a consumer that names none. */
const GROUP = 'consumers';

const cases = surviving.flatMap(([name, pattern]) =>
  [1, 4].map((concurrency) => [name, concurrency, pattern] as const),
);

test.each(cases)(
  '%s: what takes three leases is handled once, %d at a time',
  use.calm(async (_name, concurrency, pattern) => {
    const topic = use.topic(pattern);
    const begun: number[] = [];
    const ended: number[] = [];
    const lost: unknown[] = [];
    const observer = { leaseLost: (deliveries: readonly unknown[]) => lost.push(...deliveries) };
    const handler = async (value: number) => {
      begun.push(value);
      await sleep(3 * LEASE_MS);
      ended.push(value);
    };
    const consume = (name: string) =>
      use.again(topic).consume({ name, concurrency, leaseMs: LEASE_MS }, handler, observer).ready;
    await consume('working');
    await topic.producer().sendBatch(upTo(concurrency));
    await until('it to work', () => begun.length === concurrency);
    await consume('idle'); // and ready to take what others have abandoned
    await until('all to be handled', () => ended.length >= concurrency);
    await use.settled(topic);
    expect(begun).toEqual(upTo(concurrency));
    expect(lost).toEqual([]);
  }),
);

test(
  'stream: what a consumer has in flight it does not reclaim from itself, however late its leases are renewed',
  use.calm(async () => {
    const topic = use.topic(stream);
    const gate = use.gate();
    const { redis } = use.own;
    await use
      .again(topic)
      .consume({ name: 'me', group: 'group', concurrency: 2, leaseMs: LEASE_MS, maxAttempts: 100 }, gate.pass).ready;
    await topic.producer().send(1);
    await until('it to work', () => gate.begun.length === 1);
    const [pending] = await redis.xPendingRange(topic.name, 'group', '-', '+', 1);
    for (const end = performance.now() + 3 * LEASE_MS; performance.now() < end; await sleep(5))
      await redis.xClaimJustId(topic.name, 'group', 'me', 0, pending?.id as string, { IDLE: 10 * LEASE_MS });
    expect(gate.begun).toEqual([1]);
  }),
);

test(
  'stream: what is acknowledged while it is being reclaimed is not handled again',
  use.calm(async () => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic(stream);
    const { redis } = use.own;
    const begun: number[] = [];
    await topic.producer().sendBatch([1, 2]);
    await redis.xGroupCreate(topic.name, GROUP, '0');
    const read = await redis.xReadGroup(GROUP, 'other', { key: topic.name, id: '>' }, { COUNT: 2 });
    const [first] = read?.[0]?.messages ?? [];
    const messaging = use.messaging(over(line.port));
    const leaseMs = 2 * LEASE_MS;
    await messaging
      .topic<number>(topic.name, { pattern: stream })
      .consume({ name: 'me', leaseMs }, (value) => begun.push(value)).ready;
    await until('it to wait', async () => (await redis.info('clients')).includes('blocked_clients:1'));
    line.holdFrom(/XPENDING/); // which comes after XAUTOCLAIM
    await until('it to claim', async () => (await redis.xPending(topic.name, GROUP)).consumers?.[0]?.name === 'me');
    await redis.xAck(topic.name, GROUP, first?.id as string);
    line.release();
    await until('the other one to be handled', () => begun.length > 0);
    await use.settled(topic);
    expect(begun).toEqual([2]);
  }),
);

test.each(surviving)(
  '%s: a consumer that was cut off gives up what others have',
  use.calm(async (_name, pattern) => {
    await using line = await TcpProxy.to(use.own.server.port);
    const topic = use.topic(pattern);
    const gate = use.gate();
    const reasons: string[] = [];
    const fates: AckFate[] = [];
    const others: number[] = [];
    const cutOff = use.messaging(over(line.port));
    const options = { leaseMs: LEASE_MS, maxAttempts: 100 };
    cutOff.topic<number>(topic.name, { pattern }).consume(
      { ...options, name: 'cut off' },
      async (value, { signal }) => {
        if (value > 100) signal.addEventListener('abort', () => reasons.push(signal.reason.message));
        if (value > 100) await gate.pass(value);
      },
      { acknowledged: (_, all) => fates.push(...all) },
    );
    const producer = topic.producer();
    await producer.sendBatch(upTo(100)); // from then on it takes many at a time
    await until('all to be acknowledged', () => fates.length === 100);
    await producer.sendBatch(upTo(10, 101));
    await until('the first', () => gate.running === 1);
    await until('others to wait behind it', async () => (await use.backlog(topic)).inFlight > 1);
    fates.length = 0;
    line.swallow();
    topic.consume({ ...options, name: 'other' }, (value) => void others.push(value));
    await until('the other to get all', () => others.length >= 10);
    line.pass();
    line.reset();
    await until('the loss to be noticed', () => reasons.length > 0);
    gate.open();
    await until('the acknowledgement', () => fates.length > 0);
    expect(fates).toEqual(['lost-lease']);
    expect(gate.begun).toEqual([101]);
    expect(reasons).toEqual(['the message is no longer this consumer’s']);
    expect(others.sort((a, b) => a - b)).toEqual(upTo(10, 101));
    await use.settled(topic);
  }),
);

test.each(surviving)(
  '%s: a process that stood still changes nothing of what another has',
  use.calm(async (name, pattern) => {
    const topic = use.topic(pattern);
    // biome-ignore lint/suspicious/noExplicitAny: what the program of this test sends
    const told: any[] = [];
    const args = [String(use.own.server.port), name, topic.name, String(LEASE_MS)];
    await using standing = launch({
      command: scriptCommand('test/messaging/standing-still.ts', ...args),
      onMessage: (message) => told.push(message),
    });
    const producer = topic.producer();
    await producer.sendBatch(upTo(100));
    await until('it to take many at a time', () => told.filter(({ begun }) => begun).length === 100);
    await use.settled(topic);
    await producer.sendBatch(upTo(10, 101));
    await until('the first long one', () => told.some(({ begun }) => begun === 101));
    standing.process.kill('SIGSTOP');
    const gate = use.gate();
    const fates: AckFate[] = [];
    topic.consume({ leaseMs: LEASE_MS, concurrency: 10, name: 'other', maxAttempts: 100 }, gate.pass, {
      acknowledged: (_, all) => fates.push(...all),
    });
    await until('the other to get all', () => gate.running === 10);
    standing.process.kill('SIGCONT');
    await until('its acknowledgement', () => told.some(({ fates }) => fates?.includes('lost-lease')));
    await sleep(LEASE_MS);
    expect(await use.backlog(topic)).toMatchObject({ waiting: 0, inFlight: 10, dead: 0 });
    gate.open();
    await use.settled(topic);
    await until('all to be acknowledged', () => fates.length >= 10);
    expect(fates).toEqual(new Array(10).fill('done'));
    expect(gate.begun.sort((a, b) => a - b)).toEqual(upTo(10, 101));
    await standing.stop();
  }),
);
