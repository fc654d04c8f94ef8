import type { Redis } from '@redis-messaging/shared/redis/client';
import { createClientPool } from 'redis';
import { isBlocked } from '../blocked.ts';
import type { Example, Scene } from '../example.ts';

const STREAM = 'orders';
const MAIL = 'email_group';
const FULFILLMENT = 'fulfillment_group';
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

  async run(scene) {
    const { redisUrl, own, signal, say } = scene;
    await own(STREAM);
    const pool = openPool(redisUrl);
    signal.addEventListener('abort', () => pool.destroy(), { once: true });
    await pool.connect();
    try {
      await Promise.all(Array.from({ length: 20 }, () => pool.ping()));
      say('shop', `20 commands at once went over ${pool.totalClients} connections`);
      await play(scene, pool);
    } finally {
      pool.destroy();
    }
  },
};

/** Short commands share a few connections. What blocks must not come from here: it would keep one to itself for seconds. */
function openPool(url: string) {
  const pool = createClientPool({ url }, { minimum: 1, maximum: 3, acquireTimeout: 5000 });
  pool.on('error', () => {}); // a lost connection shows in the commands; without a listener it would end the process
  return pool;
}

async function play({ connect, until, say }: Scene, pool: ReturnType<typeof openPool>): Promise<void> {
  const looker = await connect('looker');
  /** What the consumers have done with an order. */
  let news: [who: string, line: string][] = [];

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
  for (const group of [MAIL, FULFILLMENT, MAIL]) await ensureGroup(group);

  /** Takes orders of a group that none of its consumers has had; ends when none comes for 5 s, or it crashes. */
  async function consume(redis: Redis, group: string, consumer: string, handle: (order: Order) => string | undefined) {
    while (true) {
      const reply = await redis.xReadGroup(group, consumer, { key: STREAM, id: '>' }, { COUNT: 1, BLOCK: BLOCK_MS });
      const entry = reply?.[0]?.messages[0];
      if (!entry) return;
      const done = handle(orderIn(entry));
      if (done === undefined) return;
      await redis.xAck(STREAM, group, entry.id); // after the work, not before
      news.push([consumer, done]);
    }
  }

  const mailer = await connect('mailer');
  const packers = [await connect('packer-1'), await connect('packer-2')] as const;
  const consumers = [
    consume(mailer, MAIL, 'mailer', ({ orderId, email }) => `order ${orderId}: confirmed to ${email}`),
    consume(packers[0], FULFILLMENT, 'packer-1', ({ orderId }) => `order ${orderId}: packed`),
    consume(packers[1], FULFILLMENT, 'packer-2', ({ orderId }) => {
      if (orderId < 4) return `order ${orderId}: packed`;
      packers[1].destroy(); // what Redis sees of a process that dies: a connection that is gone
      news.push(['packer-2', `order ${orderId}: crashed before acknowledging it`]);
      return undefined;
    }),
  ];

  /** Places an order, and shows what becomes of it when everybody is done with it. */
  async function place(orderId: number): Promise<void> {
    news = [];
    const order: Order = { orderId, email: `customer${orderId}@example.org` };
    await pool.xAdd(STREAM, '*', { order: JSON.stringify(order) });
    say('shop', `order ${orderId} placed`); // and the shop does not wait for anybody
    await until(`order ${orderId} to be handled by both groups`, () => news.length === 2);
    for (const [who, line] of news.sort()) say(who, line); // sorted: which group is first is chance
  }
  // Each group gets each order. Within one it goes to a single consumer: the one that has waited longest.
  for (const orderId of [1, 2, 3, 4]) {
    for (const name of ['mailer', 'packer-1', 'packer-2'])
      await until(`${name} to wait`, () => isBlocked(looker, name));
    await place(orderId);
  }

  const { pending } = await pool.xPending(STREAM, FULFILLMENT);
  say('shop', `${FULFILLMENT}: ${pending} delivered and not acknowledged`);

  // '>' never gives it again. Somebody must look for what has been pending too long.
  const abandoned = await until('the abandoned order', async () => {
    const claim = await pool.xAutoClaim(STREAM, FULFILLMENT, 'packer-1', ABANDONED_AFTER_MS, '0-0');
    return claim.messages[0];
  });
  say('packer-1', `order ${orderIn(abandoned).orderId}: taken over; perhaps it is packed already, so look first`);
  await pool.xAck(STREAM, FULFILLMENT, abandoned.id);

  for (const { name, pending, lag } of await pool.xInfoGroups(STREAM))
    say('shop', `${name}: ${pending} pending, ${lag} to be read`);
  for (const redis of [mailer, packers[0]]) redis.destroy(); // they would wait on for more
  await Promise.allSettled(consumers);
}

/** The order in an entry of the stream. @throws if it is none: a real consumer puts such an entry aside */
function orderIn({ message }: { readonly message: Record<string, string> }): Order {
  return JSON.parse(message.order ?? '');
}
