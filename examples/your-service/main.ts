import { setTimeout as sleep } from 'node:timers/promises';
import type { Example } from '../example.ts';
import { type Order, startOrderService } from './service.ts';

const TOPIC = 'example_orders';

/** A service on this library: service.ts. Here, a client posts orders to it. */
export const yourService: Example = {
  about:
    'a service of your own on this library: POST publishes an order, a handler bills it, /readyz and /metrics tell',

  async run({ redis, own, until, say, signal }) {
    await own(TOPIC, `{${TOPIC}}:*`);
    const billed: string[] = [];
    let attempts = 0;

    /** Bills an order; the card machine fails at the first try. */
    async function bill({ item }: Order): Promise<void> {
      await sleep(10, undefined, { signal });
      if (item === 'a piano' && ++attempts === 1) throw new Error('the card machine is out of order');
      billed.push(item);
    }

    const logger = {
      info: (_fields: object, text: string) => say('service', text.replace(/ at \S+:\d+/, '')),
      warn: (_fields: object, text: string) => say('service', text.replace(/message \S+/, 'a message')),
      error: (_fields: object, text: string) => say('service', text),
    };
    const service = await startOrderService({ redis, topic: TOPIC, handle: bill, logger, leaseMs: 300 });
    const post = async (text: string) => {
      const response = await fetch(`${service.url}/orders`, { method: 'POST', body: text });
      say('client', `POST ${text}: ${response.status} ${(await response.text()).trim()}`);
    };
    try {
      await post('{"id":"1","item":"a book"}');
      await until('the book to be billed', () => billed.includes('a book'));
      say('billing', 'billed a book');
      await post('{"id":"1","item":"a book"}'); // repeated, because the first answer was lost
      await post('{"id":"2"}');
      await post('{"id":"3","item":"a piano"}');
      await until('the piano to be billed', () => billed.includes('a piano'));
      say('billing', `billed ${billed.slice(1).join(', ')}, at attempt ${attempts}`);
      for (const path of ['/readyz', '/metrics']) {
        const text = await (await fetch(service.url + path)).text();
        for (const line of text.trim().split('\n')) say('client', `GET ${path}: ${line}`);
      }
    } finally {
      await service.close();
    }
  },
};
