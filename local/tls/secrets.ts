import { createHash } from 'node:crypto';
import { type AclUser, aclRules } from '@redis-messaging/shared/access/acl-rules';
import { serviceRights } from '@redis-messaging/shared/access/service-rights';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { newPassword } from '../redis/redis-server.ts';
import { Authority } from './certificates.ts';

/** Each service is a Redis user. */
const SERVICES = Object.keys(serviceRights) as AclUser[];
/** What the health check of the container may do. */
const HEALTH = ['-@all', '+ping'];
/** By these names Redis is reached: in the network of the containers, and on the host. */
const NAMES = ['redis', 'localhost', '127.0.0.1', '::1'] as const;

/**
 * What docker-compose.secure.yml needs, by the names of the files: certificates, a password for each user, and what each may do.
 * @param topics of the services: the users have rights to these only
 */
export async function makeSecrets(topics: ReadonlyMap<Pattern, string>): Promise<Readonly<Record<string, string>>> {
  const authority = await Authority.create();
  const redis = await authority.issue(NAMES);
  const rules: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(SERVICES.map((name) => [name, aclRules(name, topics)])),
    health: HEALTH,
  };
  const passwords = Object.keys(rules).map((name) => [name, newPassword()] as const);
  const users = passwords.map(([name, password]) => ['user', name, 'on', hashed(password), ...(rules[name] ?? [])]);
  return {
    'ca.crt': authority.certificate,
    'redis.crt': redis.certificate,
    'redis.key': redis.key,
    ...Object.fromEntries(passwords.map(([name, password]) => [`${name}.password`, `${password}\n`])),
    'users.acl': [['user', 'default', 'off'], ...users].map((words) => `${words.join(' ')}\n`).join(''),
  };
}

/** A password as the file of users has it: who reads that knows none. */
const hashed = (password: string): string => `#${createHash('sha256').update(password).digest('hex')}`;
