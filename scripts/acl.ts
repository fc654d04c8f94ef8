/**
 * `npm run --silent acl`: prints a Redis user for each service, with the least rights, as lines of an ACL file: for the patterns of
 * PATTERN, and the topics that their variables name.
 *
 *   PATTERN=all npm run --silent acl                    all three
 *   PATTERN=stream npm run --silent acl -- subscriber   one of them
 */
import { type AclUser, aclRules } from '@redis-messaging/shared/access/acl-rules';
import { serviceRights } from '@redis-messaging/shared/access/service-rights';
import { ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';

const services = Object.keys(serviceRights) as AclUser[];
const chosen = process.argv.slice(2);
const unknown = chosen.filter((word) => !services.includes(word as AclUser));
if (unknown.length > 0)
  fail(`acl: no service is called ${unknown.join(', ')}; expected some of ${services.join(', ')}`);

loadDotEnv();
try {
  const { PATTERN, topics, PARTITIONS, REDIS_CLUSTER, WAIT_REPLICAS } = loadConfig();
  const scale = { partitions: PARTITIONS, isCluster: REDIS_CLUSTER.length > 0, waitReplicas: WAIT_REPLICAS };
  const own = new Map(PATTERN.map((pattern) => [pattern, topics.get(pattern) as string]));
  for (const service of services.filter((name) => chosen.length === 0 || chosen.includes(name)))
    console.log(['user', service, 'on', '>CHANGE-ME', ...aclRules(service, own, scale)].join(' '));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  fail(`acl: fix these environment variables:\n${error.message}`);
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}
