import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import dotenv from 'dotenv';
import { isTopicName, TOPIC_NAME } from '../delivery/keys.ts';
import { MOST_PARTITIONS, partitionsOf } from '../messaging/partitions/names.ts';
import { choosePatterns, patterns, patternWords } from '../patterns/index.ts';
import type { Pattern } from '../patterns/pattern.ts';
import { TLS_VARIABLES } from '../redis/options.ts';
import type { Address } from '../redis/servers/following-client.ts';
import { nearest } from '../text/nearest.ts';
import { sanitize } from '../text/sanitize.ts';
import { FileError, fitsKey, isOneLine, readCertificates, readKey, readPassword } from './files.ts';

/** One environment variable. `parse` returns `undefined` for a value that is not as `expected`, or throws a FileError that says why. */
interface Variable<Value> {
  /** What an unset or empty variable stands for; '' = nothing. */
  readonly default: string;
  /** Completes "expected …". */
  readonly expected: string;
  readonly about: string;
  parse(text: string): Value | undefined;
  /** Whether a value that is not as expected may be a secret, and must not be shown; never, if not given. */
  isSecret?(text: string): boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable, in the order of the README's table. `npm run generate` writes that table from here. */
export const variables = {
  REDIS_URL: {
    default: '',
    expected: 'a URL such as redis://user:password@host:6379/0 (rediss:// for TLS, unix:// for a socket)',
    about: 'Redis as one URL; wins over the next three',
    parse: redisUrl,
    isSecret: () => true,
  },
  REDIS_HOST: {
    default: 'localhost',
    expected:
      'a host name or an IP address; a port goes to REDIS_PORT, a password to REDIS_PASSWORD_FILE, a URL to REDIS_URL',
    about: 'Host of Redis',
    parse: (value: string) => (/^[^\s@:/\\?#"'%]+$/.test(value) || isIP(value) ? value : undefined),
    isSecret: () => true,
  },
  REDIS_PORT: whole('6379', 1, 65_535, 'Port of Redis'),
  REDIS_USERNAME: text('', 'User name (ACL)'),
  REDIS_PASSWORD: {
    default: '',
    expected: 'one line',
    about: 'Password; never logged',
    parse: (value: string) => (isOneLine(value) ? value : undefined),
    isSecret: () => true,
  },
  REDIS_PASSWORD_FILE: {
    default: '',
    expected: 'the path of a file whose only line is the password',
    about: 'File that holds the password, such as a Docker secret; used when `REDIS_PASSWORD` is empty',
    parse: readPassword,
    isSecret: isNoFile,
  },
  REDIS_TLS_CA: {
    default: '',
    expected: 'the path of a file with certificates in PEM (-----BEGIN CERTIFICATE-----)',
    about:
      'File with the certificate of the CA that signed that of Redis (PEM); empty = the CAs that Node trusts. TLS is used with `rediss://`, and with `REDIS_HOST` if a `REDIS_TLS_` variable is set',
    parse: readCertificates,
  },
  REDIS_TLS_CERT: {
    default: '',
    expected: 'the path of a file with a certificate in PEM (-----BEGIN CERTIFICATE-----)',
    about: 'File with our certificate, if Redis asks its clients for one (PEM)',
    parse: readCertificates,
  },
  REDIS_TLS_KEY: {
    default: '',
    expected: 'the path of a file with a private key in PEM (-----BEGIN PRIVATE KEY-----), without a passphrase',
    about: 'File with the key of that certificate (PEM, without a passphrase)',
    parse: readKey,
    isSecret: isNoFile,
  },
  REDIS_TLS_SERVERNAME: {
    default: '',
    expected: 'a host name, no IP address',
    about: 'Name for which Redis has its certificate, if that is not the host by which it is reached',
    parse: (value: string) => (value === '' || (/^[\w.-]+$/.test(value) && !isIP(value)) ? value : undefined),
  },
  REDIS_CLUSTER: servers(
    'Some servers of a Redis Cluster; used in place of `REDIS_URL`, `REDIS_HOST` and `REDIS_PORT`',
  ),
  REDIS_SENTINELS: servers(
    'Sentinels; the primary that they name is used in place of `REDIS_URL`, `REDIS_HOST` and `REDIS_PORT`',
  ),
  REDIS_SENTINEL_NAME: text('mymaster', 'The name that the Sentinels have for the primary'),
  REDIS_SENTINEL_PASSWORD_FILE: {
    default: '',
    expected: 'the path of a file whose only line is the password of the Sentinels',
    about: 'File that holds the password of the Sentinels, if they ask for one',
    parse: readPassword,
    isSecret: isNoFile,
  },
  REDIS_SHARED: choice(
    'off',
    ['on', 'off'],
    'Whether others use this Redis, too: then what nobody can explain is `elsewhere`, not `unexplained`; `npm start` sets it for a Redis that it has not started',
  ),
  PATTERN: {
    default: 'both',
    expected: `one of ${patternWords.join(', ')}, or several of them with commas between`,
    about: `Patterns to use: \`${patternWords.join('`, `')}\`, or several with commas between`,
    parse: choosePatterns,
  },
  PUBLISH_INTERVAL: seconds(
    '2.0',
    0,
    'Publisher: seconds from one message to the next; `0` = as fast as Redis takes them',
  ),
  MESSAGE_COUNT: {
    default: '',
    expected: 'a whole number, 1 or more',
    about: 'Publisher: stop after this many messages; empty = never',
    parse: (value: string) => (value === '' ? Number.POSITIVE_INFINITY : integer(value, 1, Number.MAX_SAFE_INTEGER)),
  },
  PARTITIONS: whole(
    '1',
    1,
    MOST_PARTITIONS,
    'Into how many partitions each queue, stream and sharded channel is split, so that the servers of a Cluster share the load; fixed for the life of a topic',
  ),
  WAIT_REPLICAS: whole(
    '0',
    0,
    100,
    'Publisher: how many replicas must confirm what is sent to a queue or a stream, within a second; what fewer confirm is unconfirmed; `0` = none',
  ),
  BUFFER_LIMIT: whole(
    '100000',
    1,
    10_000_000,
    'Publisher: the most messages kept for a queue while Redis does not take them; more are refused, and counted',
  ),
  BUFFER_BYTES: whole(
    '67108864',
    1,
    Number.MAX_SAFE_INTEGER,
    'Publisher: the most bytes of messages kept, beside `BUFFER_LIMIT`; one message is kept in any case',
  ),
  MAX_MESSAGE_BYTES: whole(
    '16777216',
    1,
    512 * 1024 * 1024, // what Redis takes by default (proto-max-bulk-len)
    'The most bytes of a message: the publisher refuses to send larger ones, and counts them; a subscriber sends those of others to the dead letters',
  ),
  MESSAGE_SIZE: whole('0', 0, 100_000_000, 'Publisher: bytes of a message, at least; shorter ones are filled up'),
  SENDER: text('typescript-publisher', 'Publisher: the `sender` of its messages'),
  ...(topicVariables() as object),
  GROUP: text(
    'subscribers',
    'Subscriber: its group. Subscribers of one group share a stream; each group gets all of it',
  ),
  GROUP_START: choice(
    '0',
    ['0', '$'],
    'Subscriber: where a new group begins: at the oldest message of the stream, or with what comes from now on',
  ),
  CONSUMER: {
    default: '%h-%p',
    expected: 'text',
    about:
      'Subscriber: its name among them, its own, under which what it has in flight, and its account, outlive it; `%h` stands for the host name, `%p` for the process id',
    parse: (value: string) => value.replaceAll('%h', hostname()).replaceAll('%p', String(process.pid)),
  },
  RECLAIM_AFTER: seconds(
    '30',
    0.1,
    'Subscriber: seconds after its last sign of life until what a subscriber has in flight goes to another; a subscriber that works gives them, however long a handler takes',
  ),
  MAX_ATTEMPTS: whole(
    '5',
    1,
    1_000_000,
    'Subscriber: a message with this many failed attempts goes to the dead letters',
  ),
  DEDUPE_TTL: seconds(
    '0',
    0,
    'Seconds for which Redis remembers the id of a message, so that it is published once (to what keeps messages) and handled once (by what delivers at least once), however often it is tried; `0` = off',
  ),
  STREAM_MAXLEN: whole(
    '100000',
    0,
    Number.MAX_SAFE_INTEGER,
    'Subscriber: a longer stream loses its oldest messages, but none that a group has not acknowledged; `0` = no limit',
  ),
  CONCURRENCY: whole(
    '1',
    1,
    10_000,
    'Subscriber: the most messages of a pattern that are handled at a time; order is promised for `1` only',
  ),
  HANDLER: {
    default: '',
    expected: 'the path of a file that can be read',
    about:
      'Subscriber: a file whose default export handles a message, `(message, { id, attempt, signal }) => …`, in place of the simulated work',
    parse: (value: string) => (value === '' || existsSync(value) ? value : undefined),
  },
  HANDLER_TIMEOUT: seconds('300', 0, 'Subscriber: seconds after which a handler counts as failed; `0` = never'),
  FAIL_RATE: {
    default: '0',
    expected: 'a number from 0 to 1',
    about: 'Subscriber: the share of messages whose simulated work fails',
    parse: (value: string) => (/^(0|1|0?\.\d+|1\.0+)$/.test(value) ? Number(value) : undefined),
  },
  WORK_TIME: seconds('0', 0, 'Subscriber: seconds of simulated work for each message'),
  STATS_INTERVAL: seconds('10', 0.1, 'Seconds from one table of stats to the next'),
  STATS_HINT: text('', 'Subscriber: a line below each of these tables, such as how to see the last one'),
  LOG_LEVEL: choice(
    'info',
    ['debug', 'info', 'warn', 'error', 'silent'],
    '`info` counts messages that are more than 200 per second (as JSON: 1,000) instead of a line for each; `debug` shows each',
  ),
  LOG_FORMAT: choice('pretty', ['pretty', 'json'], 'Lines for people, or one JSON object a line'),
  HEALTH_PORT: whole('0', 0, 65_535, 'Port of `/livez`, `/readyz` and `/metrics`; `0` = off'),
  HEALTH_HOST: text('127.0.0.1', 'Address on which that port listens'),
  DASHBOARD_PORT: {
    default: '',
    expected: 'a whole number from 0 to 65535',
    about:
      'Port of the live page, or the next one that is free; `0` = no page; empty = 8080, but no page for a Redis that `npm start` has not started',
    parse: (value: string) => (value === '' ? null : integer(value, 0, 65_535)),
  },
  DASHBOARD_CONTROLS: choice('on', ['on', 'off'], 'whether the live page may change what services do'),
  LIVE: choice(
    'off',
    ['on', 'off', 'demo'],
    'whether a service tells the live page, while somebody looks, what it does; `demo` = on, but off with `REDIS_URL` or a `REDIS_HOST` that is not `redis`; `npm start` with a page sets `on`',
  ),
  SHUTDOWN_TIMEOUT: seconds('10', 0.5, 'Seconds that a stop may take; then the process ends, whatever it is doing'),
} as const satisfies Record<string, Variable<unknown>>;

type Variables = typeof variables;

/** What the environment says, by the names of the variables; times in seconds. */
export type Config = Readonly<{
  [Name in keyof Variables]: Variables[Name] extends Variable<infer Value> ? Value : never;
}> & { readonly topics: ReadonlyMap<Pattern, string> };

/** Mistakes in the configuration, all of them: a line each. */
export class ConfigError extends Error {
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
  }
}

/** Reads `.env` of the working directory into the environment. What is set already stays. */
export function loadDotEnv(): void {
  dotenv.config({ quiet: true });
}

/**
 * The environment as a typed, frozen object.
 * @throws ConfigError that names every mistake with variable, value and expectation
 */
export function loadConfig(environment: Environment = process.env): Config {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables) as [string, Variable<unknown>][]) {
    const given = environment[name] || variable.default;
    const expected = `expected ${variable.expected}`;
    const mistake = (what: string) =>
      mistakes.push(`${name}=${JSON.stringify(variable.isSecret?.(given) ? '…' : given)}: ${what}`);
    try {
      values[name] = variable.parse(given);
      if (values[name] === undefined) mistake(expected);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      mistake(`${error.message}; ${expected}`);
    }
  }
  mistakes.push(...tlsMistakes(values as Partial<Config>), ...sourceMistakes(values as Partial<Config>));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const topics = new Map(patterns.map((pattern) => [pattern, values[pattern.topic.variable] as string]));
  return Object.freeze({ ...values, topics }) as unknown as Config;
}

/** Into how many partitions a pattern's topic is split. */
export const partitionCount = (config: Config, pattern: Pattern): number =>
  pattern.isPartitionable ? config.PARTITIONS : 1;

/** The names of the partitions of a pattern's topic. */
export const partitionNames = (config: Config, pattern: Pattern): readonly string[] =>
  partitionsOf(config.topics.get(pattern) as string, partitionCount(config, pattern));

/** Environment variables that are not ours, but nearly: a line for each, with the name that was probably meant. Never shows a value. */
export function misspelled(environment: Environment = process.env): string[] {
  const names = Object.keys(variables);
  return Object.keys(environment).flatMap((name) => {
    const meant = names.includes(name) ? undefined : nearest(name, names);
    return meant === undefined || environment[meant]
      ? []
      : [`${sanitize(name)} is not a variable of ours; did you mean ${meant}?`];
  });
}

/** Whether a service takes part in the live page. */
export const isLive = ({ LIVE, REDIS_URL, REDIS_HOST }: Config): boolean =>
  LIVE === 'on' || (LIVE === 'demo' && REDIS_URL === '' && REDIS_HOST === 'redis');

/** Whether a variable asks for TLS. */
export const asksForTls = (config: Partial<Config>): boolean => TLS_VARIABLES.some((name) => config[name]);

function sourceMistakes({ REDIS_CLUSTER, REDIS_SENTINELS }: Partial<Config>): string[] {
  const areBoth = REDIS_CLUSTER?.length && REDIS_SENTINELS?.length;
  return areBoth ? ['REDIS_CLUSTER, REDIS_SENTINELS: expected one of them; a Cluster needs no Sentinels'] : [];
}

/** What does not fit together in what these variables say: a line each. */
function tlsMistakes(config: Partial<Config>): string[] {
  const { REDIS_URL, REDIS_TLS_CERT: certificate, REDIS_TLS_KEY: key } = config;
  const mistakes: string[] = [];
  if (REDIS_URL && !REDIS_URL.startsWith('rediss:') && asksForTls(config)) {
    const names = TLS_VARIABLES.filter((name) => config[name]).join(', ');
    mistakes.push(`${names}: REDIS_URL is without TLS; expected rediss:// there, or none of these`);
  }
  if (certificate && key === '') mistakes.push('REDIS_TLS_KEY: expected the key of REDIS_TLS_CERT');
  if (certificate === '' && key) mistakes.push('REDIS_TLS_CERT: expected the certificate of REDIS_TLS_KEY');
  if (certificate && key && !fitsKey(certificate, key))
    mistakes.push('REDIS_TLS_KEY: it is not the key of REDIS_TLS_CERT; expected the key of its first certificate');
  return mistakes;
}

function topicVariables(): Readonly<Record<string, Variable<string>>> {
  return Object.fromEntries(
    patterns.map(({ topic }) => [topic.variable, topicName(topic.default, topic.about)] as const),
  );
}

function text(fallback: string, about: string): Variable<string> {
  return { default: fallback, expected: 'text', about, parse: (value) => value };
}

function servers(about: string): Variable<readonly Address[]> {
  return {
    default: '',
    expected: 'host:port, several with commas between; a password goes to REDIS_PASSWORD_FILE',
    about: `${about}; as host:port, several with commas between`,
    parse(value) {
      const all = value.split(',').filter((each) => each.trim() !== '');
      const addresses = all.map(addressIn);
      return addresses.every((each) => each !== undefined) ? addresses : undefined;
    },
    isSecret: (value) => value.includes('@'),
  };
}

function addressIn(text: string): Address | undefined {
  const [, v6, host = v6, digits = ''] =
    /^\s*(?:\[([\da-f:.]+)\]|([^\s@:/\\?#"'%[\]]+)):(\d{1,5})\s*$/i.exec(text) ?? [];
  const port = integer(digits, 1, 65_535);
  return host === undefined || port === undefined ? undefined : { host, port };
}

function topicName(fallback: string, about: string): Variable<string> {
  return { default: fallback, expected: TOPIC_NAME, about, parse: (value) => (isTopicName(value) ? value : undefined) };
}

function whole(fallback: string, min: number, max: number, about: string): Variable<number> {
  const expected = `a whole number from ${min} to ${max}`;
  return { default: fallback, expected, about, parse: (value) => integer(value, min, max) };
}

function integer(value: string, min: number, max: number): number | undefined {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}

function seconds(fallback: string, min: number, about: string): Variable<number> {
  const max = 86_400;
  return {
    default: fallback,
    expected: `seconds, a number from ${min} to ${max}`,
    about,
    parse(value) {
      const number = /^\d*\.?\d+$|^\d+\.$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

function choice<const Word extends string>(
  fallback: NoInfer<Word>,
  words: readonly Word[],
  about: string,
): Variable<Word> {
  const list = words.join(', ');
  return {
    default: fallback,
    expected: `one of ${list}`,
    about: `${words.map((word) => `\`${word}\``).join(' \\| ')}: ${about}`,
    parse: (value) => words.find((word) => word === value.toLowerCase()),
  };
}

/** A path that leads nowhere may be no path, but what somebody put there in place of a file with it. */
function isNoFile(path: string): boolean {
  return !existsSync(path);
}

function redisUrl(value: string): string | undefined {
  if (value === '') return value;
  if (/^unix:\/\/.*\/./.test(value)) return value;
  if (!/^rediss?:\/\/./.test(value) || !URL.canParse(value)) return undefined;
  const { pathname, username, password } = new URL(value);
  try {
    if (!isOneLine(decodeURIComponent(username + password))) return undefined;
  } catch {
    return undefined;
  }
  return /^\/?\d*$/.test(pathname) ? value : undefined;
}
