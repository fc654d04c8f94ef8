import { expect, jest, test } from '@jest/globals';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import type { ProducerOptions } from '@redis-messaging/shared/messaging/producer/producer';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import type { AnySentinel } from '@redis-messaging/shared/redis/servers/sentinel';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisSource } from '@redis-messaging/shared/service/redis-options';
import { createSentinel } from 'redis';
import { until } from '../../testkit/until.ts';
import { Flow } from './flow.ts';
import { useSentinel } from './use-sentinel.ts';

jest.setTimeout(240_000);
const sentinel = useSentinel();
const keeping = patterns.filter(({ guarantees }) => guarantees.keepsUnread);

/** Kills the primary while messages flow, and has the flows settled. */
async function failover(name: string, options: ProducerOptions, chosen = patterns) {
  await sentinel.replicated();
  const flows = chosen.map((pattern) => new Flow(sentinel.source(), pattern, `${name}-${pattern.name}`, options));
  try {
    await Promise.all(flows.map((flow) => flow.goesOn()));
    const death = await sentinel.failover();
    await Promise.all(flows.map((flow) => flow.goesOn()));
    for (const flow of flows) await flow.settle();
    return { flows, death };
  } finally {
    for (const flow of flows) await flow[Symbol.asyncDispose]();
  }
}

test('a name that the Sentinels do not know ends the first attempt, and says so', async () => {
  await using messaging = createMessaging({ redis: sentinel.source('another') });
  await expect(messaging.connect()).rejects.toThrow('know no primary by the name "another"');
});

test('a client of node-redis for Sentinels in place of its options: only these are used', async () => {
  const client = createSentinel(sentinel.source()) as AnySentinel & { isOpen: boolean };
  await using messaging = createMessaging({ redis: client });
  const topic = messaging.topic<number>('by-client', { pattern: stream });
  const handled: number[] = [];
  topic.consume({}, (value) => void handled.push(value));
  await topic.producer().send(1);
  await until('it', () => handled.length === 1);
  expect(client.isOpen).toBe(false);
});

test('a Sentinel with a password: its file opens it; without it, the first attempt ends, and says so', async () => {
  await using alone = await sentinel.alone('of the Sentinel');
  const env = { REDIS_SENTINELS: `127.0.0.1:${alone.port}`, REDIS_SENTINEL_NAME: sentinel.source().name };
  const connect = async (further: Record<string, string>) => {
    await using messaging = createMessaging({ redis: redisSource(loadConfig({ ...env, ...further }), 'test') });
    await messaging.connect();
  };
  await connect({ REDIS_SENTINEL_PASSWORD_FILE: String(alone.env.REDIS_PASSWORD_FILE) });
  await expect(connect({})).rejects.toThrow(`127.0.0.1:${alone.port}: NOAUTH`);
});

test.each(keeping.map((pattern) => [pattern.name, pattern] as const))(
  '%s: what the replicas do not confirm is unconfirmed, once',
  async (_, pattern) => {
    await sentinel.replicated();
    await using messaging = createMessaging({ redis: sentinel.source() });
    const topic = messaging.topic<number>(`unconfirmed-${pattern.name}`, { pattern });
    const producer = topic.producer({ waitReplicas: 1 });
    /** Sends until it is confirmed in time, which it is not while the replica stands still. */
    const send = async (value: number) =>
      await until('a replica to confirm', () =>
        producer.send(value).then(
          () => true,
          () => false,
        ),
      );
    await send(1);
    const before = producer.stats;
    const replica = await sentinel.replica();
    process.kill(replica.pid, 'SIGSTOP');
    try {
      await expect(producer.send(2)).rejects.toThrow('unconfirmed');
    } finally {
      process.kill(replica.pid, 'SIGCONT');
    }
    expect(producer.stats).toEqual({ ...before, unconfirmed: before.unconfirmed + 1 });
    await send(3);
    const { accepted, unconfirmed, retried } = producer.stats;
    expect([accepted, retried]).toEqual([2, 0]);
    expect(await topic.backlog()).toMatchObject({ waiting: accepted + unconfirmed });
  },
);

test('a primary that dies: the next one is found; what is of unknown outcome is not sent again behind the account', async () => {
  const { flows, death } = await failover('plain', {});
  for (const flow of flows) {
    expect([flow.name, flow.missingBut([death])]).toEqual([flow.name, []]);
    expect([flow.name, flow.twiceBut([death])]).toEqual([flow.name, []]);
  }
});

test('a primary that dies, with waitReplicas: nothing that was accepted is missing', async () => {
  const { flows } = await failover('waiting', { waitReplicas: 1 }, keeping);
  for (const { missing, name } of flows) expect([name, missing]).toEqual([name, []]);
});
