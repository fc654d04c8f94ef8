import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll } from '@jest/globals';
import { type AclUser, aclRules } from '@redis-messaging/shared/access/acl-rules';
import { WATCHING, WATCHING_CHANNEL } from '@redis-messaging/shared/live/protocol';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Line } from '../../testkit/service-process.ts';
import { useRedis } from '../support/use-redis.ts';
import { exercises, PASSWORD } from './exercises.ts';

/** What Redis refused to a user, from its own log. */
export interface Denial {
  readonly username: string;
  readonly reason: 'command' | 'key' | 'channel';
  /** The command, key or channel. */
  readonly object: string;
}

/** A user that does what a service does. */
export interface Trial {
  /** Resolves when all has been done; rejects with what went wrong. */
  readonly done: Promise<void>;
  /** What its services have logged, one after the other. */
  readonly logs: readonly (readonly Line[])[];
  /** What it was refused until now. */
  denials(): readonly Denial[];
}

/** As many as Redis is to remember. */
const MOST_DENIALS = 100_000;

/** Each service, by each pattern. */
export const roles: readonly (readonly [AclUser, string, Pattern])[] = [
  ...(['publisher', 'subscriber'] as const).flatMap((service) =>
    patterns.map((pattern) => [service, pattern.name, pattern] as const),
  ),
  ['dashboard', '', patterns[0] as Pattern],
];

/** The rules of a service that uses a topic: for channels also as wildcards, which take other commands. */
export function rulesOf(service: AclUser, pattern: Pattern, topic: string): readonly string[] {
  const all = topicsOf(pattern, topic).flatMap((each) => aclRules(service, new Map([[pattern, each]])));
  return [...new Set(all)];
}

const topicsOf = ({ name }: Pattern, topic: string): readonly [string, ...string[]] =>
  name === 'pubsub' ? [topic, `${topic}:*`] : [topic];

/** A Redis on which users of their own do what services do, side by side, while somebody looks at the live page. */
export function useTrials() {
  const own = useRedis();
  let all: readonly Denial[] = [];
  const look = async () => {
    all = (await own.redis.aclLog(MOST_DENIALS)) as unknown as Denial[];
  };
  const everySoOften = async (ms: number, step: () => Promise<unknown>) => {
    while (!own.connection.isClosed) {
      await step().catch(() => {});
      await sleep(ms);
    }
  };
  beforeAll(async () => {
    await own.redis.configSet('acllog-max-len', String(MOST_DENIALS));
    void everySoOften(100, look);
    void everySoOften(500, () => own.redis.publish(WATCHING_CHANNEL, WATCHING));
  });

  let users = 0;
  return {
    /** Begins one. @param change makes the user's rules of those that a service has for a topic */
    async begin(
      service: AclUser,
      pattern: Pattern,
      change = (rules: readonly string[], _topic: string) => rules,
      signal = new AbortController().signal,
    ): Promise<Trial> {
      const user = `user${++users}`; // and its topic
      const rules = change(rulesOf(service, pattern, user), user);
      await own.redis.sendCommand(['ACL', 'SETUSER', user, 'on', `>${PASSWORD}`, ...rules]);
      const logs: Line[][] = [];
      const { port } = own.server;
      const topics = topicsOf(pattern, user);
      const done = exercises[service]({ port, admin: own.redis, user, pattern, topics, logs, signal }).finally(look);
      return { done, logs, denials: () => all.filter(({ username }) => username === user) };
    },
  };
}
