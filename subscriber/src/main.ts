import { runService } from '@redis-messaging/shared/service';
import { startSubscribing } from './subscriber.ts';

await runService('subscriber', startSubscribing);
