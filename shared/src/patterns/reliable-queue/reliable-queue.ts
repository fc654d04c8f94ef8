import { deadLettersInList } from '../../delivery/dead-letters.ts';
import { lengthsUpTo } from '../../delivery/delivery.ts';
import { publishOnce } from '../../delivery/idempotency.ts';
import { deadLettersOf } from '../../delivery/keys.ts';
import { LIST_ADDITION, LIST_PUBLISH_RIGHTS } from '../lists.ts';
import type { Pattern } from '../pattern.ts';
import { keysOf } from './keys.ts';
import { SUBSCRIBE_RIGHTS, subscribe } from './subscription.ts';

/** RPUSH / BLMOVE: a list; what a subscriber takes lies in a list of its own until it is done, so that nothing is lost. */
export const reliableQueue = {
  name: 'reliable-queue',
  commands: ['RPUSH', 'BLMOVE', 'LREM'],
  guarantees: {
    delivery: 'at-least-once',
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: true,
    ordered: true,
  },
  rights: {
    publish: LIST_PUBLISH_RIGHTS,
    subscribe: SUBSCRIBE_RIGHTS,
    backlog: ['~topic', '~topic:*', 'llen', 'smembers'],
  },
  benchmark: (key) => ['RPUSH', key],
  isPartitionable: true,
  topic: {
    variable: 'RELIABLE_QUEUE',
    default: 'message_reliable_queue',
    about: 'List of the pattern `reliable-queue`',
  },
  deadLetters: deadLettersInList,

  sent: (list, length) => `Pushed to reliable queue '${list}' (length ${length})`,

  async publish(redis, list, payloads, once?) {
    if (once) return await publishOnce(redis, list, payloads, once, LIST_ADDITION);
    const length = await redis.rPush(list, [...payloads]);
    return lengthsUpTo(length, payloads.length);
  },

  subscribe,

  async backlog(redis, list) {
    const [waiting, dead, names] = await Promise.all([
      redis.lLen(list),
      redis.lLen(deadLettersOf(list)),
      redis.sMembers(keysOf(list, '').consumers),
    ]);
    const inFlight = await Promise.all(names.map((name) => redis.lLen(keysOf(list, name).processing)));
    return { waiting, inFlight: inFlight.reduce((sum, count) => sum + count, 0), dead, listeners: names.length };
  },
} as const satisfies Pattern;
