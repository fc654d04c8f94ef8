import { variables } from '@redis-messaging/shared/service/config';

/** The value of a variable in docker-compose.yml: that of the shell or of .env, else this one. */
const given = (name: string, fallback = ''): string => `\${${name}:-${fallback}}`;

/** Variables that have another default in a container than on a machine. */
const IN_A_CONTAINER: Readonly<Record<string, string>> = {
  REDIS_HOST: given('REDIS_HOST', 'redis'),
  REDIS_PORT: given('REDIS_PORT', '6379'), // as the server of the compose file
  REDIS_PASSWORD_FILE: '/run/secrets/redis_password # the file that REDIS_PASSWORD_FILE names on the host',
  REDIS_SENTINEL_PASSWORD_FILE: '/run/secrets/redis_sentinel_password',
  REDIS_TLS_CA: '/run/secrets/redis_tls_ca',
  REDIS_TLS_CERT: '/run/secrets/redis_tls_cert',
  REDIS_TLS_KEY: '/run/secrets/redis_tls_key',
  CONSUMER: `${given('CONSUMER', '%h')} # a container keeps its host name when it is killed and started again`,
  STATS_HINT: `"${given('STATS_HINT', 'After Ctrl-C, the last table is in: docker-compose logs --tail=30 subscriber')}"`,
  HEALTH_PORT: given('HEALTH_PORT', '8080'),
  LIVE: `${given('LIVE', 'demo')} # with the Redis of this file`,
};
const INDENT = '    ';

/** docker-compose.yml with the variables of the services between their markers, `# variables …` and `# /variables`. */
export function withComposeVariables(text: string): string {
  const lines = Object.keys(variables).map((name) => `${INDENT}${name}: ${IN_A_CONTAINER[name] ?? given(name)}\n`);
  return text.replace(
    /(# variables\b.*\n)[\s\S]*?( *# \/variables\n)/,
    (_all, open: string, close: string) => `${open}${lines.join('')}${close}`,
  );
}
