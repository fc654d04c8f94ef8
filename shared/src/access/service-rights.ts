import { ANNOUNCEMENTS_CHANNEL, CONTROLS_CHANNEL, WATCHING_CHANNEL } from '../live/protocol.ts';
import type { Pattern, Rights } from '../patterns/pattern.ts';
import { CONNECTION_RIGHTS } from '../redis/connection.ts';

/** The services, each a Redis user. */
export type AclUser = 'publisher' | 'subscriber' | 'dashboard';

/** What a service is to the live page: commands that it may use with these channels only, besides what it may use with others. */
export interface ChannelRights {
  readonly command: 'publish' | 'subscribe';
  readonly channels: readonly string[];
}

/** What a service needs from Redis. */
export interface ServiceRights {
  /** For each of its patterns: what it calls of the pattern, and what it keeps beside the messages. */
  ofPattern(pattern: Pattern): Rights;
  /** Whatever its patterns. */
  readonly commands: Rights;
  readonly live: readonly ChannelRights[];
}

/** Of whoever takes part in the live page. */
const LIVE: readonly ChannelRights[] = [
  { command: 'publish', channels: [ANNOUNCEMENTS_CHANNEL] },
  { command: 'subscribe', channels: [WATCHING_CHANNEL, CONTROLS_CHANNEL] },
];

/**
 * The least rights of each service: the tests take away each of them, and something is refused. `info`: which process answers as
 * Redis, because another one may have lost data.
 */
export const serviceRights: Readonly<Record<AclUser, ServiceRights>> = {
  publisher: {
    ofPattern: ({ rights }) => [...rights.publish, ...rights.backlog, ...TOLD],
    commands: [...CONNECTION_RIGHTS, 'info'],
    live: LIVE,
  },
  subscriber: {
    ofPattern: ({ rights }) => [...rights.subscribe, ...rights.backlog, ...ACCOUNT],
    commands: [...CONNECTION_RIGHTS, 'info'],
    live: LIVE,
  },
  dashboard: {
    ofPattern: () => [],
    commands: [...CONNECTION_RIGHTS, 'info', 'client|list', 'client|kill'],
    live: [
      { command: 'publish', channels: [WATCHING_CHANNEL, CONTROLS_CHANNEL] },
      { command: 'subscribe', channels: [ANNOUNCEMENTS_CHANNEL] },
    ],
  },
};

/** A publisher tells what it has published. */
const TOLD: Rights = ['~topic:*', 'hset', 'pexpire'];
/** A subscriber keeps its account, and reads those of its group and of the publishers. */
const ACCOUNT: Rights = ['~topic:*', 'hgetall', 'hset', 'hdel', 'pexpire', 'multi', 'exec'];
