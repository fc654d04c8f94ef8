import { randomUUID } from 'node:crypto';
import { placeOf, TLS_VARIABLES } from '@redis-messaging/shared/redis/options';

/** What is needed to publish by hand to a pattern's topic. */
export interface Publication {
  readonly pattern: string;
  /** The command of Redis, before the payload. */
  readonly command: readonly string[];
}

const SECOND = `'$(date -u +%FT%TZ)'`; // as the shell says when it makes the message
const MESSAGE = `{"id":"${randomUUID()}","timestamp":"${SECOND}","message":"Hello by hand","sender":"me","count":1}`;

/**
 * Lines for a shell that make a message and publish it with redis-cli, a line for each pattern. Secrets are named, not shown.
 * @param env of the services
 */
export function publishByHand(publications: readonly Publication[], env: NodeJS.ProcessEnv): string[] {
  const client = redisCli(env);
  const commands = publications.map(({ command }) => `${client} ${command.map(quote).join(' ')} "$MESSAGE"`);
  const width = Math.max(...commands.map((command) => command.length));
  const lines = commands.map((command, index) => `${command.padEnd(width)}  # ${publications[index]?.pattern}`);
  return [`MESSAGE='${MESSAGE}'`, ...lines];
}

/** redis-cli with what leads it to the services' Redis; a password reaches it by its environment. */
function redisCli(env: NodeJS.ProcessEnv): string {
  const { REDIS_URL: given, REDIS_HOST: host, REDIS_PORT } = env;
  const url = given && URL.canParse(given) ? new URL(given) : undefined;
  const at = placeOf(
    given ? { url: given } : { socket: { host: host || 'localhost', port: Number(REDIS_PORT || 6379) } },
  );
  const user = decodeURIComponent(url?.username ?? '') || env.REDIS_USERNAME;
  const words = {
    '-s': at.path,
    '-h': at.path || at.host === '127.0.0.1' ? undefined : at.host,
    '-p': at.path ? undefined : at.port,
    '-n': url?.pathname.replace(/^\/0?$|^\//, ''),
    '--user': user,
    '--cacert': env.REDIS_TLS_CA,
    '--cert': env.REDIS_TLS_CERT,
    '--key': env.REDIS_TLS_KEY,
    '--sni': env.REDIS_TLS_SERVERNAME,
  };
  const isTls = url?.protocol === 'rediss:' || TLS_VARIABLES.some((name) => env[name]);
  const options = Object.entries(words).flatMap(([name, word]) => (word ? [` ${name} ${quote(String(word))}`] : []));
  const flags = `${env.REDIS_CLUSTER ? ' -c' : ''}${isTls ? ' --tls' : ''}`;
  return `${secretOf(url, env)}redis-cli${flags}${options.join('')}`;
}

/** How a shell takes the password from where it is. */
function secretOf(url: URL | undefined, { REDIS_PASSWORD, REDIS_PASSWORD_FILE: file }: NodeJS.ProcessEnv): string {
  if (url?.password) return `REDISCLI_AUTH="$(node -p 'decodeURIComponent(new URL(process.env.REDIS_URL).password)')" `;
  if (REDIS_PASSWORD) return 'REDISCLI_AUTH="$REDIS_PASSWORD" ';
  return file ? `REDISCLI_AUTH="$(cat ${quote(file)})" ` : '';
}

/** A word as a shell reads it. */
const quote = (word: string): string => (/^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
