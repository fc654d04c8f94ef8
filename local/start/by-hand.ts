import { randomUUID } from 'node:crypto';

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

function redisCli({ REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD }: NodeJS.ProcessEnv): string {
  if (REDIS_URL) return 'redis-cli -u "$REDIS_URL"';
  const host = REDIS_HOST && REDIS_HOST !== '127.0.0.1' ? ` -h ${quote(REDIS_HOST)}` : '';
  const user = REDIS_USERNAME ? ` --user ${quote(REDIS_USERNAME)}` : '';
  return `${REDIS_PASSWORD ? 'REDISCLI_AUTH="$REDIS_PASSWORD" ' : ''}redis-cli${host} -p ${REDIS_PORT || 6379}${user}`;
}

/** A word as a shell reads it. */
const quote = (word: string): string => (/^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
