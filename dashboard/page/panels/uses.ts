/** When to use which pattern, and when not: as docs/patterns.md says it. A pattern that is not here has no such line. */
export const USES: Readonly<Record<string, { readonly for: string; readonly not: string }>> = {
  pubsub: {
    for: 'for what is worth something only now: live updates, cache invalidation, presence',
    not: 'for messages that must not be lost: whoever is absent, starting or too slow misses them',
  },
  'sharded-pubsub': {
    for: 'in a cluster with much traffic on many channels: a message stays on the shard of its channel',
    not: 'without a cluster: it gives nothing there that pubsub does not give',
  },
  queue: {
    for: 'to hand work to one of several workers, and to even out bursts',
    not: 'for work that must be done: a worker that is killed loses what it had in flight',
  },
  'reliable-queue': {
    for: 'for work that must be done; handlers must be idempotent, because a message is redelivered after a crash',
    not: 'when several groups of subscribers need every message',
  },
  stream: {
    for: 'for events that several systems need, with history and replay; handlers must be idempotent',
    not: 'without care for its length: a group that nobody reads any more keeps it from being trimmed',
  },
};
