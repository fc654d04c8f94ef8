import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Example, Scene } from '../example.ts';
import { Pool } from './pool.ts';

const CHANNEL = 'signups';
const REPORT = 'claim:report';
const EVENTS = 6;
const AT_ONCE = 2;
const WORK_MS = 100;

/** One event, several listeners of different speed; large payloads stay in Redis, and only their names are published. */
export const fanOut: Example = {
  about: 'one event to many listeners, slow work in a pool of limited size, large payloads by reference',

  async run(scene) {
    await askFirst(scene);
    await compareHandlers(scene);
    await claimCheck(scene);
  },
};

/** The subscriber count, before anything is published. */
async function askFirst({ connect, say }: Scene): Promise<void> {
  const publisher = await connect('asking');
  const { [CHANNEL]: listening } = await publisher.pubSubNumSub([CHANNEL]);
  // A hint: it leaves out subscribers by wildcard, and those of now may be gone. PUBLISH returns the actual number.
  say('publisher', `NUMSUB ${CHANNEL}: ${listening}, so a message published now has no subscribers by that name`);
}

/** A listener, and its progress. */
class Listener {
  readonly name: string;
  received = 0;
  done = 0;
  /** The most events that it worked on at the same time. */
  busiest = 0;
  #busy = 0;

  constructor(name: string) {
    this.name = name;
  }

  begin(): void {
    this.#busy += 1;
    this.busiest = Math.max(this.busiest, this.#busy);
  }

  end(): void {
    this.#busy -= 1;
    this.done += 1;
  }
}

type Handler = (listener: Listener) => void;

/** Every listener receives every event; a slow one does not affect the others, unless it works in the callback. */
async function compareHandlers({ connect, until, say }: Scene): Promise<void> {
  const publisher = await connect('publisher');
  const pool = new Pool(AT_ONCE);
  let onMail = () => {};

  const count: Handler = (listener) => {
    listener.begin();
    listener.end();
  };
  async function sendMail(listener: Listener): Promise<void> {
    listener.begin();
    await sleep(WORK_MS); // until the mail server has answered, say
    listener.end();
    onMail();
  }
  // Started in the callback, which does not wait for it: nothing is held up, and nothing limits how many are started.
  const sendAtOnce: Handler = (listener) => void sendMail(listener);
  // Queued in the callback: nothing is held up, and only AT_ONCE are at work.
  const sendInPool: Handler = (listener) => pool.submit(() => sendMail(listener));
  // Done in the callback: until it returns nothing else is received, on this connection or any other of the process.
  const sendInCallback: Handler = (listener) => {
    listener.begin();
    for (const end = performance.now() + WORK_MS; performance.now() < end; );
    listener.end();
    onMail();
  };

  /** Publishes all events to some listeners, and shows the progress of each when the first mail was sent. */
  async function publishTo(handlers: Readonly<Record<string, Handler>>): Promise<void> {
    const listeners = Object.keys(handlers).map((name) => new Listener(name));
    const connections: Redis[] = [];
    for (const listener of listeners) {
      const connection = await connect(listener.name);
      connections.push(connection);
      await connection.subscribe(CHANNEL, () => {
        listener.received += 1;
        handlers[listener.name]?.(listener);
      });
    }
    let receivedAtFirstMail: readonly number[] | undefined;
    onMail = () => {
      receivedAtFirstMail ??= listeners.map(({ received }) => received);
    };
    const events = Array.from({ length: EVENTS }, (_, index) => `user ${index + 1} has signed up`);
    const reached = await Promise.all(events.map((event) => publisher.publish(CHANNEL, event)));
    say('publisher', `${EVENTS} events, each delivered to ${[...new Set(reached)].join(' or ')}`);
    await until('all work to be done', () => listeners.every(({ done }) => done >= EVENTS));
    for (const connection of connections) await connection.unsubscribe(CHANNEL);
    for (const [index, { name, busiest }] of listeners.entries())
      say(
        name,
        `had received ${receivedAtFirstMail?.[index]} when the first mail was sent; worked on up to ${busiest} at once`,
      );
  }

  await publishTo({ analytics: count, 'mail-now': sendAtOnce, 'mail-pool': sendInPool });
  await publishTo({ 'mail-block': sendInCallback });
}

/** A claim check: a megabyte for every listener costs Redis a copy each; a name costs nothing, and listeners that need it fetch it. */
async function claimCheck({ connect, own, until, say }: Scene): Promise<void> {
  await own(REPORT);
  const [publisher, listener] = [await connect('archive:publisher'), await connect('archive:listener')];
  const archive = await connect('archive');
  const names: string[] = [];
  await listener.subscribe(CHANNEL, (name) => names.push(name));

  const report = randomBytes(500_000).toString('hex');
  await publisher.set(REPORT, report, { EX: 60 }); // stored before it is published; expires if nobody fetches it
  await publisher.publish(CHANNEL, REPORT);
  say('publisher', `stored ${report.length} bytes, published ${REPORT.length}: "${REPORT}"`);

  const name = await until('the reference', () => names.find((text) => text === REPORT));
  const fetched = await archive.get(name);
  say('archive', `fetched ${fetched?.length} bytes, ${fetched === report ? 'the same' : 'others'}`);

  await publisher.pExpire(REPORT, 1); // as if a minute had passed
  await until('it to expire', async () => (await publisher.exists(REPORT)) === 0);
  say('archive', `came too late: ${await archive.get(name)}; readers of a reference must handle that`);
}
