import { EventEmitter, on } from 'node:events';
import type { Example } from '../example.ts';
import { readObject } from '../read-object.ts';

const CHANNEL = 'order_events';

/** A shop publishes its orders; a kitchen that subscribes late has missed some, and only knows because they are numbered. */
export const ordersEvents: Example = {
  about: 'events by Pub/Sub: start the listener late, and see what it missed',

  async run({ connect, say, signal }) {
    const shop = await connect('shop');

    async function publish(number: number): Promise<void> {
      const delivered = await shop.publish(CHANNEL, JSON.stringify({ number, status: 'placed' }));
      say('shop', `order ${number} published: delivered to ${delivered}`); // the only hint that nobody was listening
    }

    for (const number of [1, 2, 3]) await publish(number);

    const kitchen = await connect('kitchen');
    const counter = new EventEmitter();
    const texts = on(counter, 'text', { signal });
    // A slow listener holds up the whole connection, and one that throws loses messages of others. So it only puts the
    // text on the counter; it is read elsewhere.
    await kitchen.subscribe(CHANNEL, (text) => counter.emit('text', text));
    say('kitchen', `listening to ${CHANNEL}`); // receives whatever is published from now on

    async function nextOrder(): Promise<number> {
      while (true) {
        const [text] = (await texts.next()).value;
        const number = readObject(text)?.number;
        if (typeof number === 'number') return number;
      }
    }

    let last = 0;
    for (const number of [4, 5, 6]) {
      await publish(number);
      const order = await nextOrder();
      const missed = order - last - 1;
      say('kitchen', `cooking order ${order}${missed > 0 ? `; ${missed} before it were missed` : ''}`);
      last = order;
    }
    say('kitchen', 'closed; what was published without a subscriber is lost: see `npm run example -- orders-stream`');
  },
};
