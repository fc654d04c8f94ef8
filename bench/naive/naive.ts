/**
 * The reference: what a beginner writes, with the defaults of the client and of Node. The same messages, made, sent, received,
 * decoded and accounted, but with one promise per command and, from the queue, one BLPOP per message.
 * `node naive.ts publish|subscribe PATTERN COUNT`; reports by IPC when it is `ready`, and when it is `done`, with the times when
 * it began and ended (ms since 1970).
 */
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import { decode, encode, makeMessage } from '@redis-messaging/shared/message/message';
import { BATCH, type NaiveClient, naiveClients, openClient } from './clients.ts';

const [role, pattern = '', countText] = process.argv.slice(2);
const count = Number(countText);
const topic = `naive-${pattern}`;
const client = naiveClients[pattern] as NaiveClient;
const redis = openClient();
redis.on('error', (error) => {
  throw error;
});
await redis.connect();
process.once('disconnect', () => process.exit(1)); // the benchmark has ended

async function publish(): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH) {
    const payloads = Array.from({ length: Math.min(BATCH, count - sent) }, (_, index) =>
      encode(makeMessage('naive', sent + index + 1)),
    );
    await Promise.all(payloads.map((payload) => client.send(redis, topic, payload)));
  }
}

async function subscribe(): Promise<void> {
  const ledger = new Ledger({ audience: 'every-subscriber' });
  let received = 0;
  const ready = () => process.send?.({ event: 'ready' });
  await client.receive(redis, topic, ready, (payload) => {
    const decoded = decode(payload);
    if (decoded.ok) ledger.receive({ ...decoded.message, madeAt: decoded.madeAt });
    return ++received === count;
  });
}

const beganAt = Date.now();
await (role === 'publish' ? publish() : subscribe());
process.send?.({ event: 'done', beganAt, endedAt: Date.now() }, () => process.exit(0));
