import { runService } from '@redis-messaging/shared/service/service';
import { startSubscribing } from './subscriber.ts';

await runService('subscriber', startSubscribing);
