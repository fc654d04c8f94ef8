import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import { until } from '../../testkit/until.ts';
import { keeping, upTo, useMessaging } from './use-messaging.ts';

const use = useMessaging();
const LEASE_MS = 400;
const COUNT = 60;

const AT_ONCE = 6;

/** Whatever a step consists of, it may be refused there: the commands of which each is taken from a user, alone. */
const COMMANDS = [
  ...['rpush', 'lpush', 'ltrim', 'lrem', 'lrange', 'llen', 'lpos', 'lindex', 'lmove', 'blmove', 'blpop'],
  ...['xadd', 'xack', 'xlen', 'xpending', 'xclaim', 'xautoclaim', 'xreadgroup', 'xrange'],
  ...['del', 'set', 'get', 'exists', 'hincrby', 'hdel', 'hmget', 'sadd', 'eval', 'evalsha'],
];

function isUsed({ name }: Pattern, command: string): boolean {
  if (name === 'stream') return !/^b?l|rpush|hincrby|hdel|hmget|sadd/.test(command);
  if (name === 'queue') return /^(rpush|lpush|ltrim|lrange|llen|blpop|eval|evalsha)$/.test(command);
  return !/^x|blpop/.test(command);
}

let users = 0;

/** A user that may do everything, with messaging of his own; `acl` changes what he may. */
async function newUser() {
  const username = `user-${++users}`;
  const acl = async (...words: string[]) => await use.own.redis.sendCommand(['ACL', 'SETUSER', username, ...words]);
  await acl('on', '>secret', '~*', '&*', '+@all');
  const socket = { host: '127.0.0.1', port: use.own.server.port };
  return { acl, messaging: use.messaging({ redis: { socket, username, password: 'secret' } }) };
}

test.each(keeping)(
  '%s: without one right for a while, whichever it is, nothing is lost, stuck or dead twice',
  async (_name, pattern) => {
    const used = COMMANDS.filter((command) => isUsed(pattern, command));
    expect(used.length).toBeGreaterThan(5);
    for (let from = 0; from < used.length; from += AT_ONCE)
      await Promise.all(used.slice(from, from + AT_ONCE).map((command) => withoutRight(command, pattern)));
  },
);

/** Takes a right away while messages, some of them invalid, some failing at first, are consumed, and expects each of them in its place. */
async function withoutRight(command: string, pattern: Pattern): Promise<void> {
  const topic = use.topic<number>(pattern);
  const { acl, messaging } = await newUser();
  const handled = new Set<number>();
  const failing = new Set(upTo(COUNT).filter((value) => value % 7 === 0));
  const consumer = messaging
    .topic<number>(topic.name, { pattern })
    .consume({ leaseMs: LEASE_MS, concurrency: 4, maxAttempts: 100 }, async (value) => {
      await sleep(1);
      if (failing.delete(value)) throw new Error('the first attempt fails');
      handled.add(value);
    });
  await consumer.ready;
  const isInvalid = (value: number) => value % 10 === 0;
  const payloads = upTo(COUNT).map((value) => (isInvalid(value) ? `invalid ${value}` : String(value)));
  await pattern.publish(use.own.redis, topic.name, payloads.slice(0, COUNT / 2));
  await acl(`-${command}`);
  await pattern.publish(use.own.redis, topic.name, payloads.slice(COUNT / 2));
  await sleep(LEASE_MS);
  await acl(`+${command}`);
  await use.settled(topic);
  // A handler's failure costs a message where it was popped.
  const kept = upTo(COUNT).filter(
    (value) => !isInvalid(value) && (pattern.guarantees.survivesCrash || value % 7 !== 0),
  );
  const missing = () => kept.filter((value) => !handled.has(value));
  await until('all to be handled', () => missing().length === 0).catch(() => {});
  expect([command, missing()]).toEqual([command, []]);
  const invalid = payloads.filter((payload) => payload.startsWith('invalid'));
  const letters = async () =>
    (await allDeadLetters(use.own.redis, pattern, topic.name)).map(({ payload }) => String(payload));
  await until('the dead letters', async () => (await letters()).length >= invalid.length);
  expect([command, ...(await letters()).toSorted()]).toEqual([command, ...invalid.toSorted()]);
  await consumer.close();
}

const publishing = keeping.flatMap(([name, pattern]) =>
  ['rpush', 'llen', 'xadd', 'xlen', 'set', 'exists']
    .filter((command) => (pattern.name === 'stream' ? !/push|llen/.test(command) : !command.startsWith('x')))
    .flatMap((command) => [0, 60_000].map((dedupeTtlMs) => [name, command, dedupeTtlMs, pattern] as const)),
);

test.each(publishing)(
  '%s: what is refused without the right to %s (dedupeTtlMs %d) is not in Redis',
  async (_name, command, dedupeTtlMs, pattern) => {
    const codec = { encode: String, decode: Number, idOf: String };
    const { acl, messaging } = await newUser();
    const topic = messaging.topic<number>(use.topic(pattern).name, { pattern, codec });
    const producer = topic.producer({ dedupeTtlMs });
    await producer.send(1);
    await acl(`-${command}`);
    await producer.sendBatch(upTo(20, 2)).catch(() => {});
    await acl(`+${command}`);
    const { waiting } = await use.backlog(topic);
    expect([producer.stats.accepted, producer.stats.refused]).toEqual([waiting, 21 - (waiting as number)]);
  },
);
