import { until } from '../../testkit/until.ts';
import { type Fault, oneOf } from './fault.ts';

/** Half of the default, so that a publisher that is full stays below what is allowed to a service. */
const BUFFER_BYTES = 32 * 1024 * 1024;
const START_MS = 5000;
/** Bytes of a message, and seconds from one to the next: 50 MB a second. */
const SIZE = 2_000_000;
const INTERVAL = 0.04;

export const flood: Fault = {
  name: 'flood',
  about: 'a further publisher makes 50 MB a second, and Redis does not answer it',
  lasts: [2000, 8000],
  async inject(system, random) {
    const { name } = oneOf(
      system.patterns.filter(({ guarantees }) => guarantees.keepsUnread),
      random,
    );
    const env = { MESSAGE_SIZE: SIZE, PUBLISH_INTERVAL: INTERVAL, BUFFER_BYTES };
    const [service, proxy] = await system.extraPublisher(name, env);
    service.start();
    try {
      await until('the publisher to be ready', () => service.current.isReady, START_MS);
    } catch (error) {
      await service.end('SIGKILL');
      throw error;
    }
    proxy.hold();
    return {
      what: `${name}: large messages, and no answer from Redis`,
      async undo() {
        proxy.release();
        await service.end('SIGTERM');
      },
    };
  },
};
