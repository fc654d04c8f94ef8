import type { Redis } from './client.ts';
import { eachClient } from './servers/following-client.ts';

/**
 * Whether bytes arrive for a client: a large reply may take longer than Redis may be silent. They are seen where the client decodes
 * them, for it keeps its sockets to itself.
 */
export class Arrivals {
  #areThere = false;

  constructor(redis: Redis) {
    eachClient(redis, (client) => this.#see(client));
  }

  /** Whether bytes have arrived since the last call. */
  any(): boolean {
    const any = this.#areThere;
    this.#areThere = false;
    return any;
  }

  #see(redis: Redis): void {
    const { decoder } = redis._getQueue();
    const write = decoder.write.bind(decoder);
    decoder.write = (chunk: Buffer) => {
      this.#areThere = true;
      write(chunk);
    };
  }
}
