import { cacheInvalidation } from './cache-invalidation/main.ts';
import { chat } from './chat/main.ts';
import type { Example } from './example.ts';
import { fanOut } from './fan-out/main.ts';
import { jobs } from './jobs/main.ts';
import { leaderboard } from './leaderboard/main.ts';
import { notifications } from './notifications/main.ts';
import { ordersEvents } from './orders-events/main.ts';
import { ordersStream } from './orders-stream/main.ts';
import { taskQueue } from './task-queue/main.ts';
import { yourService } from './your-service/main.ts';

/** Every example, by its name for `npm run example --`. */
export const examples: Readonly<Record<string, Example>> = {
  'orders-events': ordersEvents,
  'task-queue': taskQueue,
  'orders-stream': ordersStream,
  notifications,
  chat,
  'cache-invalidation': cacheInvalidation,
  leaderboard,
  'fan-out': fanOut,
  jobs,
  'your-service': yourService,
};
