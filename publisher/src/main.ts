import { catchStopSignals } from '@redis-messaging/shared/service/signals';

catchStopSignals(); // a stop may come before all else is loaded

const { runService } = await import('@redis-messaging/shared/service/service');
const { startPublishing } = await import('./publisher.ts');

await runService('publisher', startPublishing);
