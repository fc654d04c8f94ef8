import type { Example } from './example.ts';
import { jobs } from './jobs/main.ts';
import { ordersEvents } from './orders-events/main.ts';

/** Every example, by the word behind `npm run example --`. */
export const examples: Readonly<Record<string, Example>> = {
  jobs,
  'orders-events': ordersEvents,
};
