/** For `node --import`: patterns acknowledge deliveries before they are handled, which breaks what they promise. */
import { patterns } from '@redis-messaging/shared/patterns/index';

for (const pattern of patterns) {
  const { subscribe } = pattern;
  pattern.subscribe = async (...args) => {
    const subscription = await subscribe(...args);
    const take = subscription.take.bind(subscription);
    subscription.take = async (limit) => {
      const deliveries = await take(limit);
      if (deliveries) await subscription.ack(deliveries);
      return deliveries;
    };
    return subscription;
  };
}
