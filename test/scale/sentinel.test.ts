import { expect, jest, test } from '@jest/globals';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import type { ProducerOptions } from '@redis-messaging/shared/messaging/producer/producer';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { Flow } from './flow.ts';
import { useSentinel } from './use-sentinel.ts';

jest.setTimeout(120_000);
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

test.each(keeping.map((pattern) => [pattern.name, pattern] as const))(
  '%s: what the replicas do not confirm is unconfirmed, once',
  async (_, pattern) => {
    await sentinel.replicated();
    await using messaging = createMessaging({ redis: sentinel.source() });
    const topic = messaging.topic<number>(`unconfirmed-${pattern.name}`, { pattern });
    const producer = topic.producer({ waitReplicas: 1 });
    await producer.send(1);
    const replica = await sentinel.replica();
    process.kill(replica.pid, 'SIGSTOP');
    try {
      await expect(producer.send(2)).rejects.toThrow('unconfirmed');
    } finally {
      process.kill(replica.pid, 'SIGCONT');
    }
    await producer.send(3);
    expect(producer.stats).toMatchObject({ accepted: 2, unconfirmed: 1, retried: 0 });
    expect(await topic.backlog()).toMatchObject({ waiting: 3 });
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
