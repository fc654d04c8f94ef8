import { formatNumber } from '@redis-messaging/shared/text/table';
import { createClient } from 'redis';
import type { Measurement } from './measurement.ts';

const COUNTS = [0, 10, 100, 1000, 10_000];
const WARM_UP = 200;
/** Begins like every wildcard and matches none: what is measured is the comparison, without any delivery. */
const CHANNEL = 'user:nobody:alerts';

/**
 * What a PUBLISH costs while one connection has this many wildcards subscribed (`user:1:*`, `user:2:*`, …): by Redis' own
 * statistics, and as a round trip, one at a time. A subscription by name is found in a table; each wildcard is compared with the
 * channel.
 */
export const wildcards: Measurement = {
  columns: ['wildcards', 'µs per PUBLISH, in Redis', 'round trip, µs'],
  usualMessages: 2000,
  async rowsOf(pattern, port, messages) {
    if (!pattern.commands.includes('PSUBSCRIBE')) return [];
    const socket = { host: '127.0.0.1', port };
    const [publisher, subscriber] = [createClient({ socket }), createClient({ socket })];
    await Promise.all([publisher.connect(), subscriber.connect()]);
    const rows: string[][] = [];
    let subscribed = 0;
    for (const count of COUNTS) {
      const more = Array.from({ length: count - subscribed }, (_, index) => `user:${subscribed + index}:*`);
      if (more.length > 0) await subscriber.pSubscribe(more, () => {});
      subscribed = count;

      for (let sent = 0; sent < WARM_UP; sent++) await publisher.publish(CHANNEL, 'message');
      await publisher.configResetStat();
      const startedAt = performance.now();
      for (let sent = 0; sent < messages; sent++) await publisher.publish(CHANNEL, 'message');
      const roundTrip = ((performance.now() - startedAt) * 1000) / messages;
      const inRedis = Number(
        /cmdstat_publish:.*usec_per_call=([\d.]+)/.exec(await publisher.info('commandstats'))?.[1],
      );
      rows.push([formatNumber(count), inRedis.toFixed(1), formatNumber(roundTrip)]);
    }
    for (const client of [publisher, subscriber]) client.destroy();
    return rows;
  },
};
