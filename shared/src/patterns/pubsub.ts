import { broadcast } from '../delivery/broadcast.ts';
import { listen, subscribers } from '../delivery/listener.ts';
import type { Pattern, Payload } from './pattern.ts';
import { PUBLISH_ALL } from './pubsub-scripts.ts';

/** PUBLISH / SUBSCRIBE: everybody who listens now gets a copy; nothing is kept for anybody else. */
export const pubsub = {
  name: 'pubsub',
  label: 'pub-sub',
  commands: ['PUBLISH', 'SUBSCRIBE', 'PSUBSCRIBE'],
  guarantees: {
    delivery: 'at-most-once',
    audience: 'every-subscriber',
    groups: false,
    keepsUnread: false,
    replays: false,
    survivesCrash: false,
    ordered: true,
  },
  topic: {
    variable: 'CHANNEL',
    default: 'messages',
    about: 'Channel of the pattern `pubsub`; a subscriber may say `news:*` for all channels of that form',
  },

  sent: (channel, reached) => `Published to channel '${channel}' (${subscribers(reached)})`,

  async publish(redis, channel, payloads) {
    if (payloads.length === 1) return [await redis.publish(channel, payloads[0] as Payload)];
    return await broadcast(redis, PUBLISH_ALL, [], [channel, ...payloads]);
  },

  subscribe: (redis, channel, options) =>
    hasWildcard(channel)
      ? listen(redis, 'pubsub', options, (connection, listener) => connection.pSubscribe(channel, listener, true), true)
      : listen(redis, 'pubsub', options, (connection, listener) => connection.subscribe(channel, listener, true)),

  async backlog(redis, channel) {
    const channels = hasWildcard(channel) ? await redis.pubSubChannels(channel) : [channel];
    const [subscribers, wildcards] = await Promise.all([redis.pubSubNumSub(channels), redis.pubSubNumPat()]);
    const counts = Object.values(subscribers).map(Number);
    return {
      waiting: 0,
      inFlight: 0,
      dead: 0,
      listeners: counts.reduce((sum, count) => sum + count, 0),
      wildcards,
      channels: counts.filter((count) => count > 0).length,
    };
  },
} as const satisfies Pattern;

/** Whether a channel's name stands for many: a glob, as PSUBSCRIBE takes it. */
const hasWildcard = (channel: string): boolean => /[*?[]/.test(channel);
