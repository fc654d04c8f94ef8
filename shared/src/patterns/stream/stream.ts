import { deadLettersInStream } from '../../delivery/dead-letters.ts';
import { lengthsUpTo } from '../../delivery/delivery.ts';
import { ONCE_RIGHTS, publishOnce } from '../../delivery/idempotency.ts';
import { deadLettersOf } from '../../delivery/keys.ts';
import { runScript } from '../../redis/script.ts';
import type { Pattern } from '../pattern.ts';
import { groupsOf, waitingFor } from './groups.ts';
import { ADD_ALL, FIELD, STREAM_ADDITION } from './scripts.ts';
import { SUBSCRIBE_RIGHTS, subscribe } from './subscription.ts';

/** XADD / XREADGROUP / XACK: a log; each group of subscribers gets every message, and its members share them. */
export const stream = {
  name: 'stream',
  commands: ['XADD', 'XREADGROUP', 'XACK', 'XAUTOCLAIM'],
  guarantees: {
    delivery: 'at-least-once',
    audience: 'one-subscriber', // of each group
    groups: true,
    keepsUnread: true,
    replays: true,
    survivesCrash: true,
    ordered: true,
  },
  isPartitionable: true,
  topic: { variable: 'STREAM', default: 'message_stream', about: 'Stream of the pattern `stream`' },
  rights: {
    publish: ['~topic', 'xadd', 'xlen', ...ONCE_RIGHTS],
    subscribe: SUBSCRIBE_RIGHTS,
    backlog: ['~topic', '~topic:*', 'xlen', 'xinfo|groups', 'xrange'],
  },
  benchmark: (key) => ['XADD', key, '*', FIELD],
  deadLetters: deadLettersInStream,

  sent: (key, length) => `Added to stream '${key}' (length ${length})`,

  async publish(redis, key, payloads, once?) {
    if (once) return await publishOnce(redis, key, payloads, once, STREAM_ADDITION);
    const length = (await runScript(redis, ADD_ALL, [key], [FIELD, ...payloads])) as number;
    return lengthsUpTo(length, payloads.length);
  },

  subscribe,

  async backlog(redis, key, group) {
    const [length, dead, groups] = await Promise.all([
      redis.xLen(key),
      redis.xLen(deadLettersOf(key)),
      groupsOf(redis, key),
    ]);
    const ours = groups.find(({ name }) => name === group);
    return {
      waiting: ours ? await waitingFor(redis, key, ours) : length,
      inFlight: Number(ours?.pending ?? 0),
      dead,
      listeners: null,
    };
  },
} as const satisfies Pattern;
