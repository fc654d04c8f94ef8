import { keyOf } from '../delivery/keys.ts';
import type { Pattern } from '../patterns/pattern.ts';
import { hasWildcard } from '../patterns/pubsub.ts';
import { type AclUser, type ChannelRight, serviceRights } from './service-rights.ts';

export type { AclUser } from './service-rights.ts';

/**
 * The least rights with which a service can do all that it does, as an ACL file has them behind `user NAME on >password`: keys,
 * channels, commands, and for the live page selectors of their own, so that a service may publish there and nowhere else. For
 * Redis 7.0 or later, and Valkey.
 *
 * @param topics the topics of the patterns that the service uses
 */
export function aclRules(user: AclUser, topics: ReadonlyMap<Pattern, string>): readonly string[] {
  const { calls, beside, always, live } = serviceRights[user];
  const ofTopics = [...topics].flatMap(([{ rights }, topic]) =>
    [...calls.flatMap((call) => rights[call]), ...beside].map((right) => ruleOf(right, topic)),
  );
  const rules = [...new Set([...ofTopics, ...always.map((command) => `+${command}`)])];
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
