import { createClient, RESP_TYPES } from 'redis';

/** A client with its defaults. */
export function openClient() {
  const socket = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) };
  return createClient({ socket, RESP: 3 });
}

type Client = ReturnType<typeof openClient>;

/** The messages that a publisher hands to the client at once, and the most that one XREADGROUP returns. */
export const BATCH = 500;

/** What a beginner writes to pass messages in a pattern's way. */
export interface NaiveClient {
  /** The share of the benchmark's messages that it gets, so that it does not take long. */
  readonly share: number;
  send(redis: Client, topic: string, payload: string): Promise<unknown>;
  /**
   * Receives messages until `take` says that this was the last.
   * @param ready called once whatever is sent from now on will be received
   */
  receive(redis: Client, topic: string, ready: () => void, take: (payload: Buffer) => boolean): Promise<void>;
}

/** The naive clients that there are, by the patterns' names. */
export const naiveClients: Readonly<Record<string, NaiveClient>> = {
  pubsub: {
    share: 1,
    send: (redis, topic, payload) => redis.publish(topic, payload),
    receive: (redis, topic, ready, take) =>
      new Promise((resolve) => {
        void redis.subscribe(topic, (payload: Buffer) => take(payload) && resolve(), true).then(ready);
      }),
  },

  queue: {
    share: 0.1, // one BLPOP per message is this slow
    send: (redis, topic, payload) => redis.rPush(topic, payload),
    async receive(redis, topic, ready, take) {
      ready();
      const buffers = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      while (!take((await buffers.blPop(topic, 0))?.element as Buffer));
    },
  },

  stream: {
    share: 1,
    send: (redis, topic, payload) => redis.xAdd(topic, '*', { payload }),
    async receive(redis, topic, ready, take) {
      await redis.xGroupCreate(topic, 'group', '0', { MKSTREAM: true });
      ready();
      const buffers = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      for (let isLast = false; !isLast; ) {
        const reply = await buffers.xReadGroup('group', 'me', { key: topic, id: '>' }, { COUNT: BATCH, BLOCK: 0 });
        const entries = (reply?.[0]?.messages ?? []) as unknown as { id: Buffer; message: { payload: Buffer } }[];
        for (const entry of entries) isLast = take(entry.message.payload);
        await redis.xAck(
          topic,
          'group',
          entries.map((entry) => entry.id),
        );
      }
    },
  },
};
