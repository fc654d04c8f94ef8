import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How many ports after a taken one are tried. */
const TRIES = 20;

/** A server that listens. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** The address on which it listens, as the system says it. */
  readonly address: string;
}

/**
 * Listens on a port, or on the next free one if that is taken.
 * @param mayMove whether another port will do
 * @throws the error of the last port that was tried
 */
export async function listen(
  listener: RequestListener,
  host: string,
  port: number,
  mayMove: boolean,
): Promise<Listening> {
  for (let tried = 0; ; tried++) {
    try {
      return await listenOn(listener, host, port === 0 ? 0 : port + tried);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || !mayMove || tried === TRIES) throw error;
    }
  }
}

async function listenOn(listener: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer({ headersTimeout: 5000, requestTimeout: 10_000 }, listener);
  server.maxConnections = 200;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  const { address, port: given } = server.address() as AddressInfo;
  return { server, address, port: given };
}
