import { patterns } from '@redis-messaging/shared/patterns/index';
import { useRedis } from '../support/use-redis.ts';
import { describePattern } from './describe-pattern.ts';

const own = useRedis();

for (const pattern of patterns) describePattern(pattern, own);
