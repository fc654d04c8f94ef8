import { setTimeout as sleep } from 'node:timers/promises';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import { choosePatterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';

/** A consumer in a process of its own, that can be stopped and continued; tells its parent what it does. */
const [port, name, topic, leaseMs] = process.argv.slice(2) as [string, string, string, string];
const [pattern] = choosePatterns(name) as [Pattern];
const messaging = createMessaging({ redis: { socket: { host: '127.0.0.1', port: Number(port) } } });

messaging.topic<number>(topic, { pattern }).consume(
  { leaseMs: Number(leaseMs), name: 'standing still', maxAttempts: 100 },
  async (value) => {
    process.send?.({ begun: value });
    if (value > 100) await sleep(Number(leaseMs));
  },
  { acknowledged: (_, fates) => process.send?.({ fates }) },
);
process.on('disconnect', () => process.exit());
