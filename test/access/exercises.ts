import { expect } from '@jest/globals';
import type { AclUser } from '@redis-messaging/shared/access/acl-rules';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import { SCHEMA } from '@redis-messaging/shared/live/protocol';
import { encode, makeMessage, newSession } from '@redis-messaging/shared/message/message';
import { refusalLog } from '@redis-messaging/shared/messaging/refusal-log';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { serversOf } from '@redis-messaging/shared/redis/servers/servers-of';
import { Watch } from '../../dashboard/server/live/watch.ts';
import type { Line, ServiceName } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { Reader } from '../conformance/reader.ts';
import { connectTo } from '../support/redis.ts';
import { LocalService } from './local-service.ts';

/** What an exercise works with. */
export interface Exercise {
  readonly port: number;
  /** May do everything. */
  readonly admin: Redis;
  /** The user whose rights are measured; its password is `PASSWORD`. */
  readonly user: string;
  readonly pattern: Pattern;
  /** Where channels may have wildcards, the second one has them. */
  readonly topics: readonly [string, ...string[]];
  /** Gets what the user's services log, each its lines. */
  readonly logs: Line[][];
  /** Ends it. */
  readonly signal: AbortSignal;
}

export const PASSWORD = 'secret';

const MESSAGES = 30;
const ME = 'me';
const GROUP = 'group';
const MOST_BYTES = 2000;

const ENVIRONMENT = {
  REDIS_HOST: '127.0.0.1',
  REDIS_PASSWORD: PASSWORD,
  SENDER: ME,
  CONSUMER: ME,
  GROUP,
  LIVE: 'on',
  DEDUPE_TTL: '60',
  RECLAIM_AFTER: '0.3',
  MAX_ATTEMPTS: '2',
  MAX_MESSAGE_BYTES: String(MOST_BYTES),
  STREAM_MAXLEN: '5',
  CONCURRENCY: '4',
  STATS_INTERVAL: '0.2',
};

/** Everything that a service does, with what may happen to it, by one pattern, while somebody looks at the live page. */
export const exercises: Readonly<Record<AclUser, (trial: Exercise) => Promise<void>>> = {
  async publisher(trial) {
    const { admin, pattern, topics, signal } = trial;
    for (const topic of topics) {
      if (pattern.guarantees.groups) await admin.xGroupCreate(topic, GROUP, '0', { MKSTREAM: true }); // that is behind
      await using service = begin(trial, 'publisher', topic, { PUBLISH_INTERVAL: '0.05' });
      await service.event('published', 3, signal);
      await service.control(admin, 'burst', 50); // a batch
      await service.event('published', 50, signal);
      await service.event('stats', 2, signal);
    }
  },

  async subscriber(trial) {
    const { admin, pattern, signal } = trial;
    const [topic, ...others] = trial.topics;
    if (pattern.guarantees.survivesCrash) {
      await killOne(trial, ME, 60_000); // had our name, and its lease has not run out
      await killOne(trial, 'another', 100);
    }
    {
      await using service = begin(trial, 'subscriber', topic, { WORK_TIME: '0.001', FAIL_RATE: '0.5' });
      await service.event('ready', 1, signal);
      await publishBadOnes(trial, service);
      await publish(trial, topic);
      await service.event('failed', MESSAGES / 5, signal);
      await settled(trial);
      if (pattern.guarantees.groups) await admin.del(topic);
      await service.control(admin, 'workTime', 60);
      await publish(trial, topic);
      await until('some to be in flight', async () => !((await waiting(trial)) === MESSAGES), undefined, signal);
    } // what is in flight now is requeued
    for (const again of [topic, ...others]) {
      await using service = begin(trial, 'subscriber', again);
      await service.event('ready', 1, signal);
      await publish(trial, again);
      await service.event('received', MESSAGES, signal);
      await settled(trial);
      await service.event('stats', 2, signal);
    }
  },

  async dashboard({ port, user, logs, signal }) {
    const socket = { host: '127.0.0.1', port };
    await using _ = new LocalService('publisher', { ...ENVIRONMENT, REDIS_PASSWORD: '', REDIS_PORT: String(port) });
    await using victim = await connectTo(port);
    await victim.client.sendCommand(['CLIENT', 'SETNAME', `subscriber:${user}`]);
    const lines: Line[] = [];
    logs.push(lines);
    const say = (fields: object) => lines.push(fields);
    let announcements = 0;
    const watch = new Watch(serversOf({ socket, username: user, password: PASSWORD }), {
      announced: () => announcements++,
      redis: () => {},
      places: () => new Map(),
      refused: refusalLog({ info: say, warn: say, error: say }),
    });
    try {
      watch.set(true);
      await until('announcements', () => announcements > 0, undefined, signal);
      const to = { service: 'publisher', instance: user } as const; // nobody
      await watch.control({ kind: 'control', v: SCHEMA, id: 'test', to, do: 'pause' });
      expect(await watch.cutSubscribers(user)).toBe(1);
    } finally {
      watch.set(false);
    }
  },
};

function begin(
  { port, user, pattern, logs }: Exercise,
  name: ServiceName,
  topic: string,
  env: Readonly<Record<string, string>> = {},
): LocalService {
  const where = { REDIS_PORT: String(port), REDIS_USERNAME: user };
  const what = { PATTERN: pattern.name, [pattern.topic.variable]: topic };
  const service = new LocalService(name, { ...ENVIRONMENT, ...where, ...what, ...env });
  logs.push(service.lines);
  return service;
}

/** Messages, each of them twice. */
async function publish({ admin, pattern }: Exercise, topic: string): Promise<void> {
  const session = newSession();
  const payloads = Array.from({ length: MESSAGES }, (_, index) => encode(makeMessage(ME, index + 1, session)));
  await pattern.publish(admin, topic.replace('*', 'any'), [...payloads, ...payloads]);
}

/** What is no message, and what is too large for one; while its dead letters cannot be stored, where there are any. */
async function publishBadOnes(
  { admin, pattern, topics: [topic], signal }: Exercise,
  service: LocalService,
): Promise<void> {
  const dead = deadLettersOf(topic);
  if (pattern.deadLetters) await admin.set(dead, 'not what it should be');
  for (const payload of ['x'.repeat(MOST_BYTES + 1), 'no message']) await pattern.publish(admin, topic, [payload]);
  if (pattern.deadLetters) {
    await service.event('refused', 1, signal);
    await admin.del(dead);
  }
  await service.event('invalid', 2, signal);
}

/** Leaves behind what a subscriber does that is killed with messages in flight. */
async function killOne(trial: Exercise, consumer: string, leaseMs: number) {
  const {
    port,
    pattern,
    topics: [topic],
  } = trial;
  await using connection = await connectTo(port);
  const reader = await Reader.of(connection, pattern, topic, { ack: false, consumer, leaseMs, group: GROUP });
  await publish(trial, topic);
  await reader.receive(1);
  await connection.close();
  await reader.end().catch(() => {});
}

/** How many wait; `null` where Redis cannot tell. */
async function waiting({ admin, pattern, topics: [topic] }: Exercise): Promise<number | null> {
  return (await pattern.backlog(admin, topic, GROUP)).waiting;
}

async function settled({ admin, pattern, topics: [topic], signal }: Exercise): Promise<void> {
  const isSettled = async () => {
    const { waiting, inFlight } = await pattern.backlog(admin, topic, GROUP);
    return (waiting ?? 0) + inFlight === 0;
  };
  await until('nothing to wait or to be in flight', isSettled, undefined, signal);
}
