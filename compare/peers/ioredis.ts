import { PEER_TOPIC, type Peer, type PeerSettings } from './peer.ts';

/** Seconds that one BLPOP waits. */
const BLOCK_SECONDS = 1;

/** A connection by ioredis. */
export async function connectionOf(redis: PeerSettings['redis']) {
  const { Redis } = await import('ioredis');
  const connection = new Redis({ ...redis, maxRetriesPerRequest: null });
  connection.on('error', (error) => console.error(error.message));
  return connection;
}

/** A list with plain commands: RPUSH, and one BLPOP per message. */
export const ioredisList: Peer = {
  name: 'ioredis-list',
  library: 'ioredis',
  topic: PEER_TOPIC,
  // redis.io, BLPOP: the element is removed when it is returned, and given to one client; RPUSH and BLPOP keep the order.
  guarantees: {
    delivery: 'at-most-once',
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: false,
    ordered: true,
  },

  async produce({ redis, topic }) {
    const connection = await connectionOf(redis);
    return {
      send: async (payloads) => await Promise.all(payloads.map((payload) => connection.rpush(listOf(topic), payload))),
      close: async () => connection.disconnect(),
    };
  },

  async consume({ redis, topic }, handle) {
    const connection = await connectionOf(redis);
    let stopping = false;
    const loop = (async () => {
      while (!stopping) {
        const popped = await connection.blpop(listOf(topic), BLOCK_SECONDS);
        if (popped) await handle(popped[1], 1);
      }
    })();
    return {
      async close() {
        stopping = true;
        await loop;
        connection.disconnect();
      },
    };
  },

  async backlog(redis, topic) {
    return { waiting: await redis.lLen(listOf(topic)), inFlight: 0, dead: 0, listeners: null };
  },
};

/** Pub/Sub with plain commands: PUBLISH, and a listener. */
export const ioredisPubsub: Peer = {
  name: 'ioredis-pubsub',
  library: 'ioredis',
  topic: PEER_TOPIC,
  // redis.io, Redis Pub/Sub: "at-most-once message delivery semantics"; every subscriber gets it, in order; nothing is kept.
  guarantees: {
    delivery: 'at-most-once',
    audience: 'every-subscriber',
    groups: false,
    keepsUnread: false,
    replays: false,
    survivesCrash: false,
    ordered: true,
  },

  async produce({ redis, topic }) {
    const connection = await connectionOf(redis);
    return {
      send: async (payloads) => await Promise.all(payloads.map((payload) => connection.publish(topic, payload))),
      close: async () => connection.disconnect(),
    };
  },

  async consume({ redis, topic }, handle) {
    const connection = await connectionOf(redis);
    let last: Promise<void> = Promise.resolve();
    connection.on('message', (_channel, payload) => {
      last = last.then(() => handle(payload, 1)); // one after the other, as the other peers do
    });
    await connection.subscribe(topic);
    return {
      async close() {
        await connection.unsubscribe(topic);
        await last;
        connection.disconnect();
      },
    };
  },

  backlog: async () => ({ waiting: 0, inFlight: 0, dead: 0, listeners: null }),
};

const listOf = (topic: string): string => `${topic}:list`;
