import { keyOf } from '../delivery/keys.ts';
import { PARTITION_RIGHTS } from '../messaging/partitions/fixed-number.ts';
import { partitionsOf } from '../messaging/partitions/names.ts';
import type { Pattern } from '../patterns/pattern.ts';
import { hasWildcard } from '../patterns/pubsub.ts';
import { type AclUser, type ChannelRight, serviceRights } from './service-rights.ts';

export type { AclUser } from './service-rights.ts';

/** What else a service makes use of. */
export interface Scale {
  /** Into how many partitions its topics are split. */
  readonly partitions: number;
  readonly isCluster: boolean;
  /** How many replicas a publisher waits for. */
  readonly waitReplicas: number;
}

const ALONE: Scale = { partitions: 1, isCluster: false, waitReplicas: 0 };

/**
 * The least rights with which a service can do all that it does, as an ACL file has them behind `user NAME on >password`: keys,
 * channels, commands, and for the live page selectors of their own, so that a service may publish there and nowhere else. For
 * Redis 7.0 or later, and Valkey.
 *
 * @param topics the topics of the patterns that the service uses
 */
export function aclRules(
  user: AclUser,
  topics: ReadonlyMap<Pattern, string>,
  { partitions, isCluster, waitReplicas }: Scale = ALONE,
): readonly string[] {
  const { calls, beside, always, inCluster, live } = serviceRights[user];
  const ofTopics = [...topics].flatMap(([{ rights, isPartitionable }, topic]) => {
    if (calls.length === 0) return [];
    const number = isPartitionable ? partitions : 1;
    const own = [...calls.flatMap((call) => rights[call]), ...beside];
    const split = isPartitionable ? PARTITION_RIGHTS[number === 1 ? 'one' : 'several'] : [];
    return [
      ...partitionsOf(topic, number).flatMap((part) => own.map((right) => ruleOf(right, part))),
      ...[...beside, ...split].map((right) => ruleOf(right, topic)),
    ];
  });
  const further = [
    ...always,
    ...(isCluster ? inCluster : []),
    ...(user === 'publisher' && waitReplicas > 0 ? ['wait'] : []),
  ];
  const rules = [...new Set([...ofTopics, ...further.map((command) => `+${command}`)])];
  const those = (sign: string) => rules.filter((rule) => rule.startsWith(sign));
  return ['resetkeys', ...those('~'), 'resetchannels', ...those('&'), '-@all', ...those('+'), ...live.map(selectorOf)];
}

/** A command with channels of its own, as one rule. */
export const selectorOf = ({ command, channels }: ChannelRight): string =>
  `(+${command} ${channels.map((channel) => `&${channel}`).join(' ')})`;

/** The rule that gives one of a pattern's rights. */
function ruleOf(right: string, topic: string): string {
  if (right === '~topic') return `~${exactly(topic)}`;
  if (right === '~topic:*') return `~${exactly(keyOf(topic))}:*`;
  // A subscription to many channels needs a rule that is literally the same.
  if (right === '&topic') return `&${hasWildcard(topic) ? topic : exactly(topic)}`;
  return `+${right}`;
}

/** A glob for just this name; for white space, which rules cannot have, it has any character. */
const exactly = (name: string): string => name.replace(/[*?[\]\\]/g, '\\$&').replace(/\s/g, '?');
