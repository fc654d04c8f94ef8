import type { Redis, RedisOptions } from '@redis-messaging/shared/redis/client';
import { createClientPool } from 'redis';
import { isBlocked } from '../blocked.ts';
import type { Example, Scene } from '../example.ts';

const STREAM = 'orders';
const MAIL = 'email_group';
const FULFILLMENT = 'fulfillment_group';
const BLOCK_MS = 5000;
/** Real systems wait longer than any order takes, or a consumer that is only slow loses its order. */
const ABANDONED_AFTER_MS = 200;

interface Order {
  readonly orderId: number;
  readonly email: string;
}

/** Every group gets all orders; the consumers of a group share them; what a crashed one had in flight goes to another. */
export const ordersStream: Example = {
  about: 'orders in a stream: two groups, shared work, a crash, a takeover, and a pool of connections',

  async run(scene) {
    const { redis, own, signal, say } = scene;
    await own(STREAM);
    const pool = openPool(redis);
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

/** Short commands share a few connections. Blocking ones must not use it: each would occupy a connection for seconds. */
function openPool(redis: RedisOptions) {
  const pool = createClientPool(redis, { minimum: 1, maximum: 3, acquireTimeout: 5000 });
  pool.on('error', () => {}); // a lost connection shows in the commands; without a listener it would end the process
  return pool;
}

async function play({ connect, until, say }: Scene, pool: ReturnType<typeof openPool>): Promise<void> {
  const looker = await connect('looker');
  /** What the consumers have done with an order. */
  let news: [who: string, line: string][] = [];

  /** Every instance does this when it starts, so the order must not matter. */
  async function ensureGroup(group: string): Promise<void> {
    try {
      await pool.xGroupCreate(STREAM, group, '0', { MKSTREAM: true }); // from the oldest order, also for a late group
      say('set-up', `${group}: created`);
    } catch (error) {
      if (!(error as Error).message.startsWith('BUSYGROUP')) throw error;
      say('set-up', `${group}: exists already (BUSYGROUP)`);
    }
  }
  for (const group of [MAIL, FULFILLMENT, MAIL]) await ensureGroup(group);

  /** Takes new orders of a group; ends when there is none for 5 s, or at a crash. */
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
      packers[1].destroy(); // what Redis sees of a process that dies: a closed connection
      news.push(['packer-2', `order ${orderId}: crashed before acknowledging it`]);
      return undefined;
    }),
  ];

  /** Places an order, and shows what each consumer did with it. */
  async function place(orderId: number): Promise<void> {
    news = [];
    const order: Order = { orderId, email: `customer${orderId}@example.org` };
    await pool.xAdd(STREAM, '*', { order: JSON.stringify(order) });
    say('shop', `order ${orderId} placed`); // and the shop waits for nobody
    await until(`order ${orderId} to be handled by both groups`, () => news.length === 2);
    for (const [who, line] of news.sort()) say(who, line); // sorted, because which group is first is chance
  }
  // Each group gets each order. Within one it goes to a single consumer: the one that has waited longest.
  for (const orderId of [1, 2, 3, 4]) {
    for (const name of ['mailer', 'packer-1', 'packer-2'])
      await until(`${name} to wait`, () => isBlocked(looker, name));
    await place(orderId);
  }

  const { pending } = await pool.xPending(STREAM, FULFILLMENT);
  say('shop', `${FULFILLMENT}: ${pending} delivered and not acknowledged`);

  // '>' never returns it again. A consumer must look for orders that have been pending too long.
  const abandoned = await until('the abandoned order', async () => {
    const claim = await pool.xAutoClaim(STREAM, FULFILLMENT, 'packer-1', ABANDONED_AFTER_MS, '0-0');
    return claim.messages[0];
  });
  say('packer-1', `order ${orderIn(abandoned).orderId}: taken over; it may be packed already, so check first`);
  await pool.xAck(STREAM, FULFILLMENT, abandoned.id);

  for (const { name, pending, lag } of await pool.xInfoGroups(STREAM))
    say('shop', `${name}: ${pending} pending, ${lag} to be read`);
  for (const redis of [mailer, packers[0]]) redis.destroy(); // they would go on waiting for more
  await Promise.allSettled(consumers);
}

/** The order in an entry of the stream. @throws if it is not one: a real consumer dead-letters such an entry */
function orderIn({ message }: { readonly message: Record<string, string> }): Order {
  return JSON.parse(message.order ?? '');
}
