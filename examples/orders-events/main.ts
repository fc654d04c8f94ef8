import { EventEmitter, on } from 'node:events';
import type { Example } from '../example.ts';
import { readObject } from '../read-object.ts';

const CHANNEL = 'order_events';

/** A shop announces its orders to whoever listens; a kitchen that comes late has missed some, and can only tell by the numbers. */
export const ordersEvents: Example = {
  about: 'events by Pub/Sub: start the listener late, and see what it missed',

  async run({ connect, say, signal }) {
    const shop = await connect('shop');

    async function publish(number: number): Promise<void> {
      const heard = await shop.publish(CHANNEL, JSON.stringify({ number, status: 'placed' }));
      say('shop', `order ${number} published: heard by ${heard}`); // the only hint that nobody was there
    }

    for (const number of [1, 2, 3]) await publish(number);

    const kitchen = await connect('kitchen');
    const counter = new EventEmitter();
    const texts = on(counter, 'text', { signal });
    // A listener that takes its time holds up the whole connection, and one that throws loses messages of others. So it
    // only puts the text on the counter; it is read elsewhere.
    await kitchen.subscribe(CHANNEL, (text) => counter.emit('text', text));
    say('kitchen', `listening to ${CHANNEL}`); // whatever is published from now on is heard

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
    say('kitchen', 'closed; what nobody heard is nowhere: see `npm run example -- orders-stream`');
  },
};
