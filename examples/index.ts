import type { Example } from './example.ts';
import { ordersEvents } from './orders-events/main.ts';

/** Every example, by the word behind `npm run example --`. */
export const examples: Readonly<Record<string, Example>> = {
  'orders-events': ordersEvents,
};
