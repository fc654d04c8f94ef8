import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import { BLOCKING_RIGHTS, openBlocking } from '@redis-messaging/shared/delivery/blocking-connection';
import { deadLetter, deadLettersInList } from '@redis-messaging/shared/delivery/dead-letters';
import { allDone, type Delivery, lengthsUpTo, type Subscription } from '@redis-messaging/shared/delivery/delivery';
import { ONCE_RIGHTS, publishOnce } from '@redis-messaging/shared/delivery/idempotency';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { runScript } from '@redis-messaging/shared/redis/script';

const BLOCK_SECONDS = 1;
/** More urgent messages have a lower score: those that say `"priority":"high"` come before all others. */
const ADD = `
local urgent = string.find(payload, '"priority":"high"', 1, true)
local number = redis.call('INCR', '{' .. KEYS[1] .. '}:number')
redis.call('ZADD', KEYS[1], (urgent and 0 or 1e15) + number, string.format('%016d', number) .. payload)
`;
const ADD_ALL = `
local length = redis.call('ZCARD', KEYS[1])
for _, payload in ipairs(ARGV) do ${ADD} end
return length + #ARGV
`;
/** Before each payload stands the number under which it was added, because the members of a set are different. */
const NUMBER_LENGTH = 16;

/** ZADD / BZPOPMIN: a sorted set; the most urgent message goes to one subscriber. A sixth pattern, for a test. */
export const priorityQueue = {
  name: 'priority-queue',
  commands: ['ZADD', 'BZPOPMIN', 'ZPOPMIN'],
  guarantees: {
    delivery: 'at-most-once',
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: false,
    ordered: true, // among messages of one priority
  },
  isPartitionable: true,
  topic: {
    variable: 'PRIORITY_QUEUE',
    default: 'message_priority',
    about: 'Sorted set of the pattern `priority-queue`',
  },
  rights: {
    publish: ['~topic', '~topic:*', 'eval', 'zcard', 'incr', 'zadd', ...ONCE_RIGHTS],
    subscribe: ['~topic', '~topic:*', 'bzpopmin', 'zpopmin', 'zcard', 'zadd', 'rpush', ...BLOCKING_RIGHTS],
    backlog: ['~topic', '~topic:*', 'zcard', 'llen'],
  },
  benchmark: (key) => ['ZADD', key, '1'],
  deadLetters: deadLettersInList,

  sent: (key, length) => `Added to priority queue '${key}' (length ${length})`,

  async publish(redis, key, payloads, once?) {
    const length = `redis.call('ZCARD', KEYS[1])`;
    if (once) return await publishOnce(redis, key, payloads, once, { add: ADD, length });
    return lengthsUpTo((await runScript(redis, ADD_ALL, [key], payloads)) as number, payloads.length);
  },

  async subscribe(connection, key, { signal }): Promise<Subscription> {
    const redis = connection.client;
    await redis.zCard(key); // what cannot be read is refused here
    const reader = await openBlocking(connection, 'priority-queue', signal);
    let drains = false;

    async function pop(limit: number): Promise<readonly { value: unknown; score: number }[]> {
      if (drains) return await reader.client.zPopMinCount(key, limit);
      const first = await reader.client.bzPopMin(key, BLOCK_SECONDS);
      return first ? [first] : [];
    }

    return {
      get answeredAt() {
        return reader.answeredAt;
      },
      async take(limit): Promise<readonly Delivery[] | undefined> {
        while (!signal.aborted) {
          const members = (await reader.read(() => pop(limit))) ?? [];
          const receivedAt = nowMicros();
          drains = members.length > 0;
          if (drains)
            return members.map(({ value, score }) => {
              const payload = (value as Buffer).subarray(NUMBER_LENGTH);
              return { payload, receivedAt, attempt: 1, id: String(score) };
            });
        }
        reader.end();
        return undefined;
      },
      ack: async (done) => allDone(done), // popping was the acknowledgement
      wasHandled: async () => false,
      async reject({ payload }, reason) {
        const letter = deadLetter(payload, reason);
        const length = await connection.survive(signal, () => redis.rPush(deadLettersOf(key), letter));
        return length === undefined ? 'lost' : 'dead';
      },
      fail: async () => 'lost',
      async requeue(unhandled) {
        const again = `for i = 1, #ARGV, 2 do
          redis.call('ZADD', KEYS[1], ARGV[i], string.format('%016d', ARGV[i] % 1e15) .. ARGV[i + 1])
        end`;
        await runScript(
          redis,
          again,
          [key],
          unhandled.flatMap(({ id = '0', payload }) => [id, payload]),
        );
        return true;
      },
      [Symbol.asyncDispose]: () => reader.close(),
    };
  },

  async backlog(redis, key) {
    const [waiting, dead] = await Promise.all([redis.zCard(key), redis.lLen(deadLettersOf(key))]);
    return { waiting, inFlight: 0, dead, listeners: null };
  },
} as const satisfies Pattern;
