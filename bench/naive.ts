/**
 * The reference: what one writes first, with the defaults of the client and of Node. The same messages, made, sent, received,
 * decoded and accounted, but with one promise a command and, from the queue, one BLPOP a message.
 * `node naive.ts publish|subscribe PATTERN COUNT`; says by IPC when it is `ready`, and when it is `done`, with the times when it
 * began and ended (ms since 1970).
 */
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import { decode, encode, makeMessage } from '@redis-messaging/shared/message/message';
import { createClient, RESP_TYPES } from 'redis';

const BATCH = 500;
const [role, pattern, countText] = process.argv.slice(2);
const count = Number(countText);
const topic = `naive-${pattern}`;
const redis = createClient({ socket: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) }, RESP: 3 });
redis.on('error', (error) => {
  throw error;
});
await redis.connect();

process.once('disconnect', () => process.exit(1)); // the benchmark has ended

const ledger = new Ledger({ audience: 'every-subscriber' });
let received = 0;

const senders: Record<string, (payload: string) => Promise<unknown>> = {
  pubsub: (payload) => redis.publish(topic, payload),
  queue: (payload) => redis.rPush(topic, payload),
  stream: (payload) => redis.xAdd(topic, '*', { payload }),
};

const receivers: Record<string, () => Promise<void>> = {
  pubsub: () =>
    new Promise((resolve) => {
      const take = (payload: Buffer) => account(payload) && resolve();
      void redis.subscribe(topic, take, true).then(begin);
    }),
  async queue() {
    begin();
    const buffers = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    while (received < count) account((await buffers.blPop(topic, 0))?.element as Buffer);
  },
  async stream() {
    await redis.xGroupCreate(topic, 'group', '0', { MKSTREAM: true });
    begin();
    const buffers = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    while (received < count) {
      const reply = await buffers.xReadGroup('group', 'me', { key: topic, id: '>' }, { COUNT: BATCH, BLOCK: 0 });
      const entries = (reply?.[0]?.messages ?? []) as unknown as { id: Buffer; message: { payload: Buffer } }[];
      for (const entry of entries) account(entry.message.payload);
      await redis.xAck(
        topic,
        'group',
        entries.map((entry) => entry.id),
      );
    }
  },
};

/** @returns whether it was the last */
function account(payload: Buffer): boolean {
  const decoded = decode(payload);
  if (decoded.ok) ledger.receive({ ...decoded.message, madeAt: decoded.madeAt });
  return ++received === count;
}

function begin(): void {
  process.send?.({ event: 'ready' });
}

async function publish(): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH) {
    const payloads = Array.from({ length: Math.min(BATCH, count - sent) }, (_, index) =>
      encode(makeMessage('naive', sent + index + 1)),
    );
    await Promise.all(payloads.map((payload) => senders[pattern as string]?.(payload)));
  }
}

const beganAt = Date.now();
await (role === 'publish' ? publish() : receivers[pattern as string]?.());
process.send?.({ event: 'done', beganAt, endedAt: Date.now() }, () => process.exit(0));
