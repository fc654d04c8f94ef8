/** An API process: takes uploads, and keeps the browsers that are connected to it up to date. There may be any number. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectPart, onStop, part, ready } from '../part.ts';
import { JobQueue } from '../queue.ts';
import { createApp } from './http.ts';
import { type Live, startLive } from './live.ts';
import { takeFromFront } from './peer.ts';
import { RequestLimit } from './request-limit.ts';
import { Sessions } from './session.ts';

const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A browser has a WebSocket for each tab, and some connections for requests; others may have its address. */
const CONNECTIONS = { perAddress: 100, inAll: 1000 };
const REQUESTS = { burst: 200, perSecond: 10 };

let live: Live | undefined;
const redis = await connectPart('queue');
// When the subscription is back after a break, whatever was announced meanwhile was missed.
const subscription = await connectPart('subscription', { onUp: () => live?.catchUp() });
const jobs = new JobQueue(redis.client, part.prefix);

const visitors = {
  sessions: await Sessions.shared(redis.client, part.prefix),
  requests: new RequestLimit(REQUESTS),
};

const app = createApp(jobs, visitors, console.log);
const http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }, app);
takeFromFront(http, CONNECTIONS);
live = await startLive(http, subscription.client, jobs, visitors, part.name);
http.listen(part.listen);
await once(http, 'listening');

onStop(async () => {
  await live?.close();
  await jobs.close();
  await subscription.close();
  await redis.close();
});
ready((http.address() as AddressInfo).port);
