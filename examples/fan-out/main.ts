import { randomBytes } from 'node:crypto';
import type { Redis } from '@redis-messaging/shared/redis';
import { until } from '../../local/until.ts';
import type { Example, Scene } from '../example.ts';

const CHANNEL = 'signups';
const REPORT = 'claim:report';
const EVENTS = 6;
const AT_ONCE = 2;

/** Does so many things at once, and keeps the others waiting. */
class Pool {
  readonly waiting: (() => Promise<void>)[] = [];
  busy = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns at once. A real one also says what becomes of too many: refuse them, or drop the oldest. */
  hand(work: () => Promise<void>): void {
    this.waiting.push(work);
    this.#next();
  }

  #next(): void {
    if (this.busy >= this.#limit) return;
    const work = this.waiting.shift();
    if (!work) return;
    this.busy += 1;
    work()
      .catch(() => {}) // one that fails must not cost the others; a real one counts it
      .finally(() => {
        this.busy -= 1;
        this.#next();
      });
  }
}

/** One event, several listeners of different speed; what is large stays in Redis, and only its name goes around. */
export const fanOut: Example = {
  about: 'one event to many listeners, slow work in a pool of limited size, large payloads by reference',

  async run({ connect, say, signal }) {
    const publisher = await connect('publisher');
    await publisher.del(REPORT);

    /** Asks before it publishes. Only a hint: who is there now can be gone when the message goes out. */
    async function publish(text: string): Promise<number> {
      const { [CHANNEL]: listening } = await publisher.pubSubNumSub([CHANNEL]);
      if (Number(listening) === 0) return 0; // the moment to put it somewhere else
      return await publisher.publish(CHANNEL, text);
    }
    say('publisher', `NUMSUB ${CHANNEL}: reaches ${await publish('too early')}, so it is not published`);

    // A quick listener does its work at once.
    let counted = 0;
    const analytics = await connect('analytics');
    await analytics.subscribe(CHANNEL, () => {
      counted += 1;
    });

    // A slow one hands it to its pool: the callback returns at once, and the connection is read on.
    const pool = new Pool(AT_ONCE);
    const sent: string[] = [];
    let heard = 0;
    let openMailServer = () => {};
    const mailServer = new Promise<void>((open) => {
      openMailServer = open;
      signal.addEventListener('abort', () => open());
    });
    const mailer = await connect('mailer');
    await mailer.subscribe(CHANNEL, (user) => {
      heard += 1;
      pool.hand(async () => {
        await mailServer; // slow: it does not answer yet
        sent.push(user);
      });
    });

    const reached: number[] = [];
    for (let number = 1; number <= EVENTS; number++) reached.push(await publish(`user ${number}`));
    say('publisher', `published ${EVENTS} events; listeners of each: ${reached.join(' ')}`);
    await until('everybody to have heard', () => counted === EVENTS && heard === EVENTS);
    say('analytics', `counted ${counted}; the slow neighbour costs it nothing`);
    say('mailer', `heard ${heard}: ${pool.busy} at work, ${pool.waiting.length} wait, ${sent.length} sent`);
    openMailServer();
    await until('all mails to be sent', () => signal.aborted || sent.length === EVENTS);
    say('mailer', `sent: ${sent.join(', ')}`);
    for (const listener of [analytics, mailer]) await listener.unsubscribe(CHANNEL);

    await claimCheck(publisher, analytics, await connect('archive'), say);
  },
};

/** A claim check: a megabyte to every listener costs Redis a copy for each; a name costs nothing, and who wants it fetches it. */
async function claimCheck(publisher: Redis, listener: Redis, archive: Redis, say: Scene['say']): Promise<void> {
  const names: string[] = [];
  await listener.subscribe(CHANNEL, (name) => names.push(name));

  const report = randomBytes(500_000).toString('hex');
  await publisher.set(REPORT, report, { EX: 60 }); // stored before it is announced; gone by itself, if nobody fetches it
  await publisher.publish(CHANNEL, REPORT);
  say('publisher', `stored ${report.length} bytes, published ${REPORT.length}: "${REPORT}"`);

  await until('the reference', () => names.length === 1);
  const fetched = await archive.get(names[0] as string);
  say('archive', `fetched ${fetched?.length} bytes, ${fetched === report ? 'the same' : 'others'}`);

  await publisher.pExpire(REPORT, 1); // as if a minute had passed
  await until('it to expire', async () => (await publisher.exists(REPORT)) === 0);
  say('archive', `came too late: ${await archive.get(REPORT)}; whoever takes a reference must bear that`);
}
