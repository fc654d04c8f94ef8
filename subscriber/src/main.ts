import { catchStopSignals } from '@redis-messaging/shared/service/signals';

catchStopSignals(); // a stop may come before all else is loaded

const { runService } = await import('@redis-messaging/shared/service/service');
const { startSubscribing } = await import('./subscriber.ts');

await runService('subscriber', startSubscribing);
