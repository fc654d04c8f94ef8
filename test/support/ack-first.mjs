/** For `node --import`: patterns acknowledge a batch before it is handled, which breaks what they promise. */
import { patterns } from '@redis-messaging/shared/patterns/index';

for (const pattern of patterns) {
  const { subscribe } = pattern;
  pattern.subscribe = async (...args) => {
    const subscription = await subscribe(...args);
    return {
      ...subscription,
      async *[Symbol.asyncIterator]() {
        for await (const batch of subscription) {
          await subscription.ack(batch);
          yield batch;
        }
      },
    };
  };
}
