import type { Redis } from '@redis-messaging/shared/redis';
import type { Example } from '../example.ts';

const CHANNEL = 'order_events';

/** A shop announces its orders to whoever listens; a kitchen that comes late has missed some, and can only tell by the numbers. */
export const ordersEvents: Example = {
  about: 'events by Pub/Sub: start the listener late, and see what it missed',

  async run({ connect, say }) {
    const shop = await connect('shop');

    async function publish(number: number): Promise<void> {
      const heard = await shop.publish(CHANNEL, JSON.stringify({ number, status: 'placed' }));
      say('shop', `order ${number} published: heard by ${heard}`); // the only hint that nobody was there
    }

    for (const number of [1, 2, 3]) await publish(number);
    const kitchen = new Kitchen(await connect('kitchen'), say);
    await kitchen.open();
    for (const number of [4, 5, 6]) {
      await publish(number);
      await kitchen.hasSeen(number);
    }
    say('kitchen', 'closed; what nobody heard is nowhere: see `npm run example -- orders-stream`');
  },
};

class Kitchen {
  readonly #redis: Redis;
  readonly #say: (who: string, line: string) => void;
  #last = 0;
  #wake = () => {};

  constructor(redis: Redis, say: (who: string, line: string) => void) {
    this.#redis = redis;
    this.#say = say;
  }

  /** Resolves when Redis knows the subscription: whatever is published from now on is heard. */
  async open(): Promise<void> {
    await this.#redis.subscribe(CHANNEL, (text) => this.#cook(JSON.parse(text).number));
    this.#say('kitchen', `listening to ${CHANNEL}`);
  }

  async hasSeen(number: number): Promise<void> {
    while (this.#last < number) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #cook(number: number): void {
    const missed = number - this.#last - 1;
    this.#say('kitchen', `cooking order ${number}${missed > 0 ? `; ${missed} before it were missed` : ''}`);
    this.#last = number;
    this.#wake();
  }
}
