import { broadcast } from '../delivery/broadcast.ts';
import { listen, subscribers } from '../delivery/listener.ts';
import type { Pattern, Payload } from './pattern.ts';
import { SPUBLISH_ALL } from './pubsub-scripts.ts';

/** SPUBLISH / SSUBSCRIBE: as Pub/Sub, but in a cluster a message stays on the one shard that its channel belongs to. */
export const shardedPubsub = {
  name: 'sharded-pubsub',
  label: 'sharded',
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
  topic: { variable: 'SHARDED_CHANNEL', default: 'message_sharded', about: 'Channel of the pattern `sharded-pubsub`' },

  sent: (channel, reached) => `Published to sharded channel '${channel}' (${subscribers(reached)})`,

  async publish(redis, channel, payloads) {
    if (payloads.length === 1) return [await redis.sPublish(channel, payloads[0] as Payload)];
    return await broadcast(redis, SPUBLISH_ALL, [channel], payloads);
  },

  subscribe: (redis, channel, options) =>
    listen(redis, 'sharded-pubsub', options, (connection, listener) => connection.sSubscribe(channel, listener, true)),

  async backlog(redis, channel) {
    const listeners = await redis.pubSubShardNumSub([channel]);
    return { waiting: 0, inFlight: 0, dead: 0, listeners: listeners[channel] ?? 0 };
  },
} as const satisfies Pattern;
