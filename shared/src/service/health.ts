import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { sanitize } from '../text/sanitize.ts';

interface HealthSource {
  isReady(): boolean;
  /** Text in Prometheus' format. */
  metrics(): Promise<string>;
}

/** A running health server. */
export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** More connections at a time are closed at once. */
const MAX_CONNECTIONS = 100;
/** How long a request may take to arrive, and a connection to lie idle between two: ms. */
const PATIENCE_MS = 5000;
const TIMEOUTS = {
  headersTimeout: PATIENCE_MS,
  requestTimeout: PATIENCE_MS,
  keepAliveTimeout: PATIENCE_MS,
  connectionsCheckingInterval: 1000,
};

/**
 * Serves `/livez` (the process works), `/readyz` (200 when ready, else 503) and `/metrics`, to those who ask by a name of ours.
 * @param host the address on which it listens, or its name
 * @throws if the port is taken
 */
export async function startHealthServer(host: string, port: number, source: HealthSource): Promise<HealthServer> {
  const pages: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/livez': (response) => send(response, 200, 'ok'),
    '/readyz': (response) => (source.isReady() ? send(response, 200, 'ready') : send(response, 503, 'not ready')),
    '/metrics': async (response) => send(response, 200, await source.metrics(), 'text/plain; version=0.0.4'),
  };
  const server = createServer(TIMEOUTS, async ({ url = '/', method = '', headers }, response) => {
    try {
      const problem = problemOfHost(headers.host, host, (server.address() as AddressInfo).address);
      if (problem) return send(response, 403, problem);
      if (!URL.canParse(url, BASE)) return send(response, 400, 'malformed URL; expected a path such as /readyz');
      const page = pages[new URL(url, BASE).pathname];
      if (!page) send(response, 404, `not found; there are ${Object.keys(pages).join(', ')}`);
      else if (method !== 'GET' && method !== 'HEAD') send(response, 405, 'GET or HEAD only');
      else await page(response);
    } catch (error) {
      send(response, 500, (error as Error).message);
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(2 * PATIENCE_MS); // also for whoever does not read what he asked for
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject); // a connection that cannot be accepted later on ends nothing
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const BASE = 'http://localhost';
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** Ends of names that nobody can register in public. */
const PRIVATE = ['.internal', '.local', '.svc'];

/**
 * What is wrong with the name by which a request asks for us. A page of a browser that lets its own domain name stand for our address
 * (DNS rebinding) asks by that name. So on loopback we are asked by its names. On other addresses also by any IP address,
 * and by names of containers, services and machines: those without dots, and private ones.
 *
 * @param asked the header `Host`; who sends none is no browser
 * @param given HEALTH_HOST: as good as those names
 * @param address on which we listen
 */
export function problemOfHost(asked: string | undefined, given: string, address: string): string | undefined {
  if (asked === undefined) return undefined;
  const name = hostnameOf(asked);
  if (name !== undefined && [...LOOPBACK, hostnameOf(given)].includes(name)) return undefined;
  const said = `not served under the name "${sanitize(asked, 100)}" (the header Host); expected ${LOOPBACK.join(', ')}`;
  if (/^(::ffff:)?127\.|^::1$/.test(address)) return `${said}, or the host of HEALTH_HOST`;
  const isOurs = name?.startsWith('[') || isIP(name ?? '') || /^[^.]+$/.test(name ?? '');
  if (isOurs || PRIVATE.some((end) => name?.endsWith(end))) return undefined;
  return `${said}, any IP address, a name without dots or one that ends in ${PRIVATE.join(', ')}, or the host of HEALTH_HOST`;
}

/** The host of `host:port`, as URLs write it. */
function hostnameOf(host: string): string | undefined {
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined;
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' });
  response.end(`${body}\n`);
}
