import { runService } from '@redis-messaging/shared/service';
import { startPublishing } from './publisher.ts';

await runService('publisher', startPublishing);
