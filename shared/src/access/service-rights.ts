import { ANNOUNCEMENTS_CHANNEL, CONTROLS_CHANNEL, WATCHING_CHANNEL } from '../live/protocol.ts';
import type { Pattern, Rights } from '../patterns/pattern.ts';
import { CONNECTION_RIGHTS } from '../redis/connection.ts';
import { CLUSTER_RIGHTS } from '../redis/servers/cluster.ts';

/** The services, each a Redis user. */
export type AclUser = 'publisher' | 'subscriber' | 'dashboard';

/** A command with the only channels that it may be used with, besides those of the topics. */
export interface ChannelRight {
  readonly command: 'publish' | 'subscribe';
  readonly channels: readonly string[];
}

/** What a service needs from Redis. */
export interface ServiceRights {
  /** What it calls of each of its patterns. */
  readonly calls: readonly (keyof Pattern['rights'])[];
  /** For what it keeps beside the messages of each topic. */
  readonly beside: Rights;
  /** Whatever its patterns. */
  readonly always: Rights;
  /** With a Cluster. */
  readonly inCluster: Rights;
  /** For the live page. */
  readonly live: readonly ChannelRight[];
}

/** Of whoever takes part in the live page. */
const LIVE: readonly ChannelRight[] = [
  { command: 'publish', channels: [ANNOUNCEMENTS_CHANNEL] },
  { command: 'subscribe', channels: [WATCHING_CHANNEL, CONTROLS_CHANNEL] },
];

/**
 * The least rights of each service: the tests take away each of them, and something is refused. `info`: which process answers as
 * Redis, because another one may have lost data.
 */
export const serviceRights: Readonly<Record<AclUser, ServiceRights>> = {
  publisher: {
    calls: ['publish', 'backlog'],
    beside: ['~topic:*', 'hset', 'pexpire'], // it tells what it has published
    always: [...CONNECTION_RIGHTS, 'info'],
    inCluster: CLUSTER_RIGHTS,
    live: LIVE,
  },
  subscriber: {
    calls: ['subscribe', 'backlog'],
    beside: ['~topic:*', 'hgetall', 'hset', 'hdel', 'pexpire', 'multi', 'exec'], // the account of its group
    always: [...CONNECTION_RIGHTS, 'info'],
    inCluster: CLUSTER_RIGHTS,
    live: LIVE,
  },
  dashboard: {
    calls: [],
    beside: [],
    always: [...CONNECTION_RIGHTS, 'info', 'client|list', 'client|kill'],
    inCluster: [...CLUSTER_RIGHTS, 'cluster|nodes'], // it shows them
    live: [
      { command: 'publish', channels: [WATCHING_CHANNEL, CONTROLS_CHANNEL] },
      { command: 'subscribe', channels: [ANNOUNCEMENTS_CHANNEL] },
    ],
  },
};
