import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/**
 * A port that is taken until this is disposed, next to one that is free.
 * @param neighbour where the free one is
 */
export async function takenPort(neighbour: 1 | -1): Promise<{ readonly port: number } & Disposable> {
  while (true) {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const probe = createServer().listen(port + neighbour, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return { port, [Symbol.dispose]: () => taken.close() };
    taken.close();
  }
}
