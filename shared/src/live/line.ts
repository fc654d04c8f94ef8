import type { Redis } from '../redis/client.ts';
import { newClient, type ServerOptions } from '../redis/new-client.ts';
import { describeError } from '../redis/outcome.ts';
import { ONLOOKER } from '../redis/slow-subscribers.ts';
import { CONTROLS_CHANNEL, WATCHING_CHANNEL } from './protocol.ts';

/** What is heard on the channels of the live page. */
export interface Hearer {
  watching(payload: Buffer): void;
  control(payload: Buffer): void;
  /** Redis refuses to let us listen. */
  refused(reason: string): void;
}

/**
 * Listens to the live page's channels on a connection of its own, which has no part in whether the service is ready: beside commands
 * on one connection, Redis would hold all its replies to the limits of Pub/Sub. It sends one SUBSCRIBE for each time that it connects,
 * and nothing else, not even PING: a silent line costs no more than the page. @returns ends it
 */
export function listen(options: ServerOptions, takesControls: boolean, hearer: Hearer): () => void {
  const redis = newClient(options, `${options.name}${ONLOOKER}`, () => false);
  redis.on('error', () => {}); // the service's other connections say so
  void subscribe(redis, takesControls, hearer);
  return () => redis.destroy();
}

async function subscribe(redis: Redis, takesControls: boolean, hearer: Hearer): Promise<void> {
  const channels = takesControls ? [WATCHING_CHANNEL, CONTROLS_CHANNEL] : [WATCHING_CHANNEL];
  const hear = (payload: Buffer, channel: Buffer) =>
    channel.toString() === WATCHING_CHANNEL ? hearer.watching(payload) : hearer.control(payload);
  try {
    await redis.connect();
    await redis.subscribe(channels, hear, true);
  } catch (error) {
    if (redis.isOpen) hearer.refused(describeError(error as Error));
  }
}
