/**
 * A service of your own on this library: an HTTP POST publishes an order, a handler consumes it, and /readyz and /metrics say how it
 * is. It imports nothing but Node and the package: copy the file, and begin.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMessaging, json, type Logger, type MessagingOptions, SendError, stream } from '@redis-messaging/shared';

export interface Order {
  readonly id: string;
  readonly item: string;
}

export interface OrderServiceOptions {
  /** The options of node-redis' `createClient`: { url: 'redis://localhost:6379' } */
  readonly redis: MessagingOptions['redis'];
  /** The topic: the stream's key. */
  readonly topic: string;
  /** What is to be done with an order. If it throws, the order comes again, five times in all. */
  readonly handle: (order: Order, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  /** Where it listens on loopback; 0 = any free port. */
  readonly port?: number;
  /** How long an order that failed, or whose process died, waits until it comes again: ms. */
  readonly leaseMs?: number;
}

const LARGEST_BODY = 10_000;

/** What an order must look like: throws if it does not. Used for requests, and for what comes out of Redis. */
function parseOrder(data: unknown): Order {
  const { id, item } = Object(data) as Partial<Order>;
  if (typeof id !== 'string' || id === '') throw new TypeError('expected an order with an id');
  if (typeof item !== 'string' || item === '') throw new TypeError('expected an order with an item');
  return { id, item };
}

/** Starts it. Resolves when it takes orders. */
export async function startOrderService({ redis, topic, handle, logger, port = 0, leaseMs }: OrderServiceOptions) {
  const messaging = createMessaging({ redis, logger });
  const orders = messaging.topic(topic, { pattern: stream, codec: json(parseOrder, ({ id }) => id) });
  const producer = orders.producer({ dedupeTtlMs: 3_600_000 }); // a request that is repeated adds its order once
  const counts = { handled: 0, failed: 0 };
  const consumer = orders.consume(
    { group: 'billing', concurrency: 4, leaseMs },
    (order, { signal }) => handle(order, signal),
    {
      handled(batch) {
        counts.handled += batch.length;
      },
      failed() {
        counts.failed++;
      },
    },
  );
  await consumer.ready;

  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void> | void> = {
    async 'POST /orders'(request, response) {
      await producer.send(parseOrder(JSON.parse(await bodyOf(request))));
      answer(response, 202, 'accepted');
    },
    'GET /readyz': (_request, response) =>
      consumer.isReady ? answer(response, 200, 'ready') : answer(response, 503, 'not ready'),
    'GET /metrics'(_request, response) {
      const { accepted, buffered } = producer.stats;
      const metrics = { orders_accepted_total: accepted, orders_buffered: buffered };
      const lines = Object.entries({
        ...metrics,
        orders_handled_total: counts.handled,
        orders_failed_total: counts.failed,
      });
      answer(response, 200, lines.map(([name, value]) => `${name} ${value}`).join('\n'));
    },
  };

  const server = createServer(async (request, response) => {
    const route = routes[`${request.method} ${request.url}`];
    try {
      if (route) await route(request, response);
      else answer(response, 404, `expected ${Object.keys(routes).join(', ')}`);
    } catch (error) {
      // 503: not accepted, so that the client may try again. It has an id, so that trying again does no harm.
      answer(response, error instanceof SendError ? 503 : 400, (error as Error).message);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Takes no more requests, and ends when the orders in hand are handled. */
    async close(): Promise<void> {
      server.close();
      await messaging.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > LARGEST_BODY) throw new RangeError(`expected at most ${LARGEST_BODY} characters`);
  }
  return body;
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
