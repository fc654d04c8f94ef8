import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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

/**
 * Serves `/livez` (the process works), `/readyz` (200 when ready, else 503) and `/metrics`.
 * @throws if the port is taken
 */
export async function startHealthServer(host: string, port: number, source: HealthSource): Promise<HealthServer> {
  const pages: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/livez': (response) => send(response, 200, 'ok'),
    '/readyz': (response) => (source.isReady() ? send(response, 200, 'ready') : send(response, 503, 'not ready')),
    '/metrics': async (response) => send(response, 200, await source.metrics(), 'text/plain; version=0.0.4'),
  };
  const server = createServer(async (request, response) => {
    try {
      const page = pages[new URL(request.url ?? '/', 'http://localhost').pathname];
      if (!page) send(response, 404, `not found; there are ${Object.keys(pages).join(', ')}`);
      else if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'GET or HEAD only');
      else await page(response);
    } catch (error) {
      send(response, 500, (error as Error).message);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
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

function send(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' });
  response.end(`${body}\n`);
}
