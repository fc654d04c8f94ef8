import { SCHEMA, type Snapshot } from '@redis-messaging/shared/live/protocol';

type SubscriberSnapshot = Extract<Snapshot, { service: 'subscriber' }>;

/** A subscriber's snapshot as it is announced, with nothing to tell but this. */
export const subscriberSnapshot = (told: Partial<SubscriberSnapshot>): SubscriberSnapshot => ({
  v: SCHEMA,
  service: 'subscriber',
  name: 'subscriber',
  instance: 'one',
  at: 0,
  kind: 'snapshot',
  pid: 1,
  host: 'h',
  startedAt: 0,
  group: 'g',
  takesControls: true,
  settings: { workTime: 0, failRate: 0, concurrency: 1, pace: 1 },
  patterns: {},
  topics: {},
  partitions: 1,
  lately: {},
  ...told,
});
