import { keyOf } from '../delivery/keys.ts';
import type { Pattern } from '../patterns/pattern.ts';
import { type AclUser, serviceRights } from './service-rights.ts';

export type { AclUser } from './service-rights.ts';

/**
 * The least rights with which a service can do all that it does, as an ACL file has them behind `user NAME on >password`: keys,
 * channels, commands, and for the live page selectors of their own, so that who may publish there may publish nowhere else. For
 * Redis 7.0 or later, and Valkey.
 *
 * @param topics the topics of the patterns that the service uses
 */
export function aclRules(user: AclUser, topics: ReadonlyMap<Pattern, string>): readonly string[] {
  const { ofPattern, commands, live } = serviceRights[user];
  const own = [...topics].flatMap(([pattern, topic]) => ofPattern(pattern).map((right) => ruleOf(right, topic)));
  const all = [...new Set([...own, ...commands.map((command) => `+${command}`)])];
  const allowed = (sign: string) => all.filter((rule) => rule.startsWith(sign));
  return [
    ...['resetkeys', ...allowed('~')],
    ...['resetchannels', ...allowed('&')],
    ...['-@all', ...allowed('+')],
    ...live.map(({ command, channels }) => `(+${command} ${channels.map((channel) => `&${channel}`).join(' ')})`),
  ];
}

/** The rule that gives one of a pattern's rights. */
function ruleOf(right: string, topic: string): string {
  if (right === '~topic') return `~${exactly(topic)}`;
  if (right === '~topic:*') return `~${exactly(keyOf(topic))}:*`;
  // A subscription to many channels needs a rule that is literally the same.
  if (right === '&topic') return `&${/[*?[]/.test(topic) ? topic : exactly(topic)}`;
  return `+${right}`;
}

/** A glob that matches a name and, because rules have no white space, at most those with another character in its place. */
const exactly = (name: string): string => name.replace(/[*?[\]\\]/g, '\\$&').replace(/\s/g, '?');
