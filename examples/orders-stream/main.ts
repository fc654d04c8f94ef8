import { closeQuickly, type Redis } from '@redis-messaging/shared/redis';
import { createClientPool } from 'redis';
import { until } from '../../local/until.ts';
import type { Example } from '../example.ts';

const STREAM = 'orders';
const MAIL = 'email_group';
const FULFILMENT = 'fulfillment_group';
const BLOCK_MS = 5000;
/** Real systems wait longer than any order takes, or a colleague who is only slow loses his. */
const ABANDONED_AFTER_MS = 200;

interface Order {
  readonly orderId: number;
  readonly email: string;
}

/** Every group gets all orders; the consumers of a group share them; what a crashed one had in hand goes to another. */
export const ordersStream: Example = {
  about: 'orders in a stream: two groups, shared work, a crash, a takeover, and a pool of connections',

  async run({ connect, say, redisUrl, signal }) {
    // Short commands share a few connections. What blocks must not come from here: it would keep one to itself for seconds.
    const pool = createClientPool({ url: redisUrl }, { minimum: 1, maximum: 3, acquireTimeout: 5000 });
    pool.on('error', () => {}); // a lost connection shows in the commands; without a listener it would end the process
    signal.addEventListener('abort', () => pool.destroy());
    await pool.connect();
    try {
      await pool.del(STREAM);
      await Promise.all(Array.from({ length: 20 }, () => pool.ping()));
      say('shop', `20 commands at once went over ${pool.totalClients} connections`);

      /** Every instance does this when it starts, so it must not matter who comes first. */
      async function ensureGroup(group: string): Promise<void> {
        try {
          await pool.xGroupCreate(STREAM, group, '0', { MKSTREAM: true }); // from the oldest order, also for a late group
          say('set-up', `${group}: created`);
        } catch (error) {
          if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
          say('set-up', `${group}: is there already (BUSYGROUP)`);
        }
      }
      for (const group of [MAIL, FULFILMENT, MAIL]) await ensureGroup(group);

      async function place(orderId: number): Promise<void> {
        const order: Order = { orderId, email: `customer${orderId}@example.org` };
        await pool.xAdd(STREAM, '*', { order: JSON.stringify(order) });
        say('shop', `order ${orderId} placed`);
      }

      /** Waits up to 5 s for the next order of a group that none of its consumers has had. */
      async function take(redis: Redis, group: string, consumer: string) {
        const reply = await redis.xReadGroup(group, consumer, { key: STREAM, id: '>' }, { COUNT: 1, BLOCK: BLOCK_MS });
        return received(reply?.[0]?.messages[0]);
      }

      const mailer = await connect('mailer');
      const early = take(mailer, MAIL, 'mailer'); // waits, before there is any order
      for (const orderId of [1, 2, 3, 4]) await place(orderId);

      const first = await early;
      say('mailer', `order ${first?.orderId}: confirmed to ${first?.email}; it came while this was waiting`);
      await mailer.xAck(STREAM, MAIL, first?.id ?? '');
      for (let left = 3; left > 0; left--) {
        const order = await take(mailer, MAIL, 'mailer');
        say('mailer', `order ${order?.orderId}: confirmed to ${order?.email}`);
        await mailer.xAck(STREAM, MAIL, order?.id ?? ''); // after the work, not before
      }

      // The same four orders, once more, for the other group; there, each order goes to one of two.
      const packers = [await connect('packer-1'), await connect('packer-2')] as const;
      for (const turn of [0, 1, 0]) {
        const order = await take(packers[turn] as Redis, FULFILMENT, `packer-${turn + 1}`);
        say(`packer-${turn + 1}`, `order ${order?.orderId}: packed`);
        await packers[turn]?.xAck(STREAM, FULFILMENT, order?.id ?? '');
      }

      const inHand = await take(packers[1], FULFILMENT, 'packer-2');
      await closeQuickly(packers[1]);
      say('packer-2', `order ${inHand?.orderId}: crashed before acknowledging it`);
      const { pending } = await pool.xPending(STREAM, FULFILMENT);
      say('shop', `${FULFILMENT} has ${pending} order in hand that is not acknowledged`);

      // '>' never gives it again. Somebody must look for what has been in hand too long.
      const rescued = await until('the abandoned order', async () => {
        const claim = await pool.xAutoClaim(STREAM, FULFILMENT, 'packer-1', ABANDONED_AFTER_MS, '0-0');
        return received(claim.messages[0]);
      });
      say('packer-1', `order ${rescued.orderId}: taken over; perhaps it is packed already, so look first`);
      await pool.xAck(STREAM, FULFILMENT, rescued.id);

      for (const { name, pending, lag } of await pool.xInfoGroups(STREAM))
        say('shop', `${name}: ${pending} in hand, ${lag} to be read`);
      await pool.del(STREAM); // and its groups with it
    } finally {
      pool.destroy();
    }
  },
};

/** The order in an entry of the stream, with the entry's id, which is for acknowledging. */
function received(entry: { id: string; message: Record<string, string> } | null | undefined) {
  return entry ? { ...(JSON.parse(entry.message.order ?? '') as Order), id: entry.id } : undefined;
}
