import { runService } from '@redis-messaging/shared/service/service';
import { startPublishing } from './publisher.ts';

await runService('publisher', startPublishing);
