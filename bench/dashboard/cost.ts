import { get, type IncomingMessage } from 'node:http';
import { ranked } from '@redis-messaging/shared/accounting/ranked';
import { WATCHING, WATCHING_CHANNEL, WATCHING_EVERY_MS } from '@redis-messaging/shared/live/protocol';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { createClient } from 'redis';
import type { Measurement } from '../measurement.ts';
import { runOurs } from '../throughput.ts';
import { startDashboardServer } from './server.ts';

/** Each is measured this often, by turns, the first one first, then last. What counts is the median of the rounds, each compared with itself. */
const ROUNDS = 6;

/**
 * What the live page costs the services: messages per second as in throughput.ts, without taking part in it (LIVE=off), with the
 * dashboard's server but no page, and with a page that reads its stream.
 */
export const dashboard: Measurement = {
  columns: ['pattern', 'LIVE=off', 'no page open', 'share', 'a page open', 'share', 'target'],
  usualMessages: 1_000_000,
  async rowsOf(pattern, port, messages) {
    const server = await startDashboardServer(port);
    const runs = {
      off: () => runOurs(pattern, port, messages),
      nobody: () => runOurs(pattern, port, messages, { LIVE: 'on' }),
      async somebody() {
        const lookAway = await look(port, server.url);
        const rate = await runOurs(pattern, port, messages, { LIVE: 'on' });
        if (lookAway() === 0) throw new Error('the page was told nothing');
        return rate;
      },
    };
    const rates: Record<keyof typeof runs, number[]> = { off: [], nobody: [], somebody: [] };
    try {
      const order = Object.keys(runs) as (keyof typeof runs)[];
      for (let round = 0; round < ROUNDS; round++, order.reverse())
        for (const each of order) rates[each].push(await runs[each]());
    } finally {
      await server.stop();
    }
    const cells = [rates.nobody, rates.somebody].flatMap((each) => {
      const shares = each.map((rate, round) => rate / (rates.off[round] as number));
      return [formatNumber(median(each)), `${(100 * median(shares)).toFixed(0)} %`];
    });
    return [[pattern.name, formatNumber(median(rates.off)), ...cells, '95 % or more']];
  },
};

/** Reads the stream of the dashboard's server as a page does. @returns ends it, and says how many bytes came */
async function look(port: number, url: URL): Promise<() => number> {
  const stream = await new Promise<IncomingMessage>((resolve, reject) =>
    get({ host: url.hostname, port: url.port, path: '/events' }, resolve).on('error', reject),
  );
  let bytes = 0;
  stream.on('error', () => {}); // we end it ourselves
  stream.on('data', (data: Buffer) => {
    bytes += data.length;
  });
  const redis = createClient({ socket: { host: '127.0.0.1', port }, RESP: 3, name: 'bench' });
  await redis.connect();
  const say = () => redis.publish(WATCHING_CHANNEL, WATCHING).catch(() => {});
  // The server says so, too, but the services run only for a moment.
  const timer = setInterval(() => void say(), WATCHING_EVERY_MS / 20);
  return () => {
    clearInterval(timer);
    redis.destroy();
    stream.destroy();
    return bytes;
  };
}

const median = (numbers: readonly number[]): number => ranked(numbers)(50);
