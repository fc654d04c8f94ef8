import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import tls from 'node:tls';

/** Whose connecting makes a socket: it is kept through all that follows from it, the client's own reconnecting included. */
const connecting = new AsyncLocalStorage<Arrivals>();

// The client keeps its sockets to itself; Node tells of each that is made, but not of those with TLS.
subscribe('net.client.socket', (message) => connecting.getStore()?.watch((message as { socket: Socket }).socket));
const connectWithTls = tls.connect as (...args: unknown[]) => tls.TLSSocket;
tls.connect = (...args: unknown[]) => {
  const socket = connectWithTls(...args);
  connecting.getStore()?.watch(socket);
  return socket;
};

/** Whether bytes arrive for a client: a large reply may take longer than Redis may be silent. */
export class Arrivals {
  #socket: Socket | undefined;
  #seen = 0;

  /** Runs what connects the client. */
  of<Result>(connect: () => Result): Result {
    return connecting.run(this, connect);
  }

  watch(socket: Socket): void {
    this.#socket = socket;
    this.#seen = 0;
  }

  /** Whether bytes have arrived since the last call. */
  any(): boolean {
    const { bytesRead = 0 } = this.#socket ?? {};
    const isMore = bytesRead > this.#seen;
    this.#seen = bytesRead;
    return isMore;
  }
}
