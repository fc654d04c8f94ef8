import type { Payload } from '../delivery/delivery.ts';
import { subscribers, subscribeToPushes } from '../delivery/push-subscription.ts';
import { runScript } from '../redis/script.ts';
import type { Pattern } from './pattern.ts';

/**
 * Publishes a batch by one command and one reply, because the client spends more on a command than Redis does. Redis runs
 * scripts only for users whose ACL allows EVAL; inside, the permissions for channels hold. ARGV: channel (it is no key), payloads.
 * @returns how many subscribers each payload reached
 */
const PUBLISH_ALL = `
local reached = {}
for i = 2, #ARGV do reached[i - 1] = redis.call('PUBLISH', ARGV[1], ARGV[i]) end
return reached
`;

/** PUBLISH / SUBSCRIBE: everybody who listens now gets a copy; nothing is kept for anybody else. */
export const pubsub = {
  name: 'pubsub',
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
  rights: {
    publish: ['&topic', 'publish', 'eval', 'client|list'],
    subscribe: ['&topic', 'subscribe', 'psubscribe'],
    backlog: ['pubsub|numsub', 'pubsub|numpat', 'pubsub|channels'],
  },
  benchmark: (key) => ['PUBLISH', key],
  isPartitionable: false, // a Cluster passes each message to all of its servers, whatever the channel
  topic: {
    variable: 'CHANNEL',
    default: 'messages',
    about: 'Channel of the pattern `pubsub`; a subscriber may say `news:*` for all channels of that form',
  },

  sent: (channel, reached) => `Published to channel '${channel}' (${subscribers(reached)})`,

  async publish(redis, channel, payloads) {
    if (payloads.length === 1) return [await redis.publish(channel, payloads[0] as Payload)];
    return (await runScript(redis, PUBLISH_ALL, [], [channel, ...payloads])) as number[];
  },

  subscribe: (connection, channel, options) =>
    hasWildcard(channel)
      ? subscribeToPushes(
          connection,
          'pubsub',
          options,
          (redis, listener) => redis.pSubscribe(channel, listener, true),
          true,
        )
      : subscribeToPushes(connection, 'pubsub', options, (redis, listener) => redis.subscribe(channel, listener, true)),

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
export const hasWildcard = (channel: string): boolean => /[*?[]/.test(channel);
