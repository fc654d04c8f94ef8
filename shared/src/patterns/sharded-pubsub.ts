import type { Payload } from '../delivery/delivery.ts';
import { subscribers, subscribeToPushes } from '../delivery/push-subscription.ts';
import { runScript } from '../redis/script.ts';
import type { Pattern } from './pattern.ts';

/** Publishes a batch by one command. KEYS: channel, which in a cluster says whose shard it is. ARGV: payloads. */
const SPUBLISH_ALL = `
local reached = {}
for i, payload in ipairs(ARGV) do reached[i] = redis.call('SPUBLISH', KEYS[1], payload) end
return reached
`;

/** SPUBLISH / SSUBSCRIBE: as Pub/Sub, but in a cluster a message stays on the one shard that its channel belongs to. */
export const shardedPubsub = {
  name: 'sharded-pubsub',
  commands: ['SPUBLISH', 'SSUBSCRIBE'],
  guarantees: {
    delivery: 'at-most-once',
    audience: 'every-subscriber',
    groups: false,
    keepsUnread: false,
    replays: false,
    survivesCrash: false,
    ordered: true,
  },
  rights: {
    publish: ['~topic', '&topic', 'spublish', 'eval', 'client|list'],
    subscribe: ['&topic', 'ssubscribe'],
    backlog: ['pubsub|shardnumsub'],
  },
  benchmark: (key) => ['SPUBLISH', key],
  isPartitionable: true,
  topic: { variable: 'SHARDED_CHANNEL', default: 'message_sharded', about: 'Channel of the pattern `sharded-pubsub`' },

  sent: (channel, reached) => `Published to sharded channel '${channel}' (${subscribers(reached)})`,

  async publish(redis, channel, payloads) {
    if (payloads.length === 1) return [await redis.sPublish(channel, payloads[0] as Payload)];
    return (await runScript(redis, SPUBLISH_ALL, [channel], payloads)) as number[];
  },

  subscribe: (connection, channel, options) =>
    subscribeToPushes(connection, 'sharded-pubsub', options, (redis, listener) =>
      redis.sSubscribe(channel, listener, true),
    ),

  async backlog(redis, channel) {
    const listeners = await redis.pubSubShardNumSub([channel]);
    return { waiting: 0, inFlight: 0, dead: 0, listeners: listeners[channel] ?? 0 };
  },
} as const satisfies Pattern;
