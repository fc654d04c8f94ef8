import { hostname } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig } from '@redis-messaging/shared/service/config';

type Name = keyof ReturnType<typeof loadConfig>;

/** What a variable stands for with this text; `refused` if it is a mistake. */
function read(name: Name, text: string): unknown {
  try {
    return loadConfig({ [name]: text })[name];
  } catch (error) {
    if (error instanceof ConfigError && error.message.startsWith(`${name}=`)) return 'refused';
    throw error;
  }
}

/** [variable, the least, the most]: whole numbers. */
const wholes: [Name, number, number][] = [
  ['REDIS_PORT', 1, 65_535],
  ['BUFFER_LIMIT', 1, 10_000_000],
  ['BUFFER_BYTES', 1, Number.MAX_SAFE_INTEGER],
  ['MAX_MESSAGE_BYTES', 1, 536_870_912],
  ['MESSAGE_SIZE', 0, 100_000_000],
  ['MAX_ATTEMPTS', 1, 1_000_000],
  ['STREAM_MAXLEN', 0, Number.MAX_SAFE_INTEGER],
  ['MESSAGE_COUNT', 1, Number.MAX_SAFE_INTEGER],
  ['HEALTH_PORT', 0, 65_535],
];

describe('whole numbers', () => {
  test.each(wholes)('%s is one from %d to %d', (name, least, most) => {
    expect([read(name, `${least}`), read(name, `${most}`)]).toEqual([least, most]);
    for (const text of [`${least - 1}`, `${most + 1}`, `${least}.5`, ' 7', '7 ', 'x7', '7x', '1e2', '+7', '0x7'])
      expect([text, read(name, text)]).toEqual([text, 'refused']);
  });
});

/** [variable, the least]: seconds, up to a day. */
const durations: [Name, number][] = [
  ['PUBLISH_INTERVAL', 0],
  ['RECLAIM_AFTER', 0.1],
  ['DEDUPE_TTL', 0],
  ['HANDLER_TIMEOUT', 0],
  ['WORK_TIME', 0],
  ['STATS_INTERVAL', 0.1],
  ['SHUTDOWN_TIMEOUT', 0.5],
];

describe('seconds', () => {
  test.each(durations)('%s is a number from %d to 86,400', (name, least) => {
    expect([read(name, `${least}`), read(name, '86400')]).toEqual([least, 86_400]);
    expect([read(name, '.75'), read(name, '2.'), read(name, '12.25'), read(name, '12.')]).toEqual([0.75, 2, 12.25, 12]);
    const tooLittle = least === 0 ? '-0.1' : `${least - 0.01}`;
    for (const text of [tooLittle, '86400.1', '.', '1.2.3', '1e3', 'x1', '1x', '1 s', '2.e3', '+2.', ' 1', 'Infinity'])
      expect([text, read(name, text)]).toEqual([text, 'refused']);
  });
});

describe('other values', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['0.5', 0.5],
    ['.25', 0.25],
    ['0.125', 0.125],
    ['1.0', 1],
    ['1.00', 1],
    ...['2', '1.5', '1.', '0.', '.', '-0.1', '10', '01', 'x0', '0x', '1.0x', '0,5'].map((text) => [text, 'refused']),
  ])('FAIL_RATE=%s is %s', (text, value) => {
    expect(read('FAIL_RATE', text as string)).toBe(value);
  });

  test.each<[Name, string, string]>([
    ['LOG_LEVEL', 'debug', 'debug'],
    ['LOG_LEVEL', 'info', 'info'],
    ['LOG_LEVEL', 'WARN', 'warn'],
    ['LOG_LEVEL', 'error', 'error'],
    ['LOG_LEVEL', 'Silent', 'silent'],
    ['LOG_LEVEL', 'loud', 'refused'],
    ['LOG_LEVEL', 'infos', 'refused'],
    ['LOG_FORMAT', 'JSON', 'json'],
    ['LOG_FORMAT', 'pretty', 'pretty'],
    ['GROUP_START', '0', '0'],
    ['GROUP_START', '$', '$'],
    ['GROUP_START', '1', 'refused'],
    ['SENDER', ' any text ', ' any text '],
    ['CONSUMER', 'worker-7', 'worker-7'],
    ['CONSUMER', '%p@%h@%p', `${process.pid}@${hostname()}@${process.pid}`],
    ['CONSUMER', '%h%h', hostname() + hostname()],
  ])('%s=%s is %s', (name, text, value) => {
    expect(read(name, text)).toBe(value);
  });

  test('a topic that is given is that of its pattern', () => {
    const { topics } = loadConfig({ QUEUE: 'orders' });
    expect([...topics].find(([{ name }]) => name === 'queue')?.[1]).toBe('orders');
  });
});

describe('REDIS_URL', () => {
  test.each([
    'redis://localhost',
    'redis://localhost/',
    'redis://user:secret@example.org:6380/12',
    'rediss://example.org',
    'redis://[::1]:6379/0',
    'redis://user:100%25@host',
    'unix:///run/redis.sock',
    'unix://user:secret@/run/redis.sock?db=2',
  ])('%s is accepted', (url) => {
    expect(read('REDIS_URL', url)).toBe(url);
  });

  test.each([
    'localhost:6379',
    'http://localhost',
    'redissss://host',
    'xredis://host',
    'xunix:///run/redis.sock',
    'redis://',
    'redis:host',
    'redis://host:port',
    'redis://host:70000',
    'redis://host/0/1',
    'redis://host/x0',
    'redis://host/0x',
    'redis://user:100%@host',
    'redis://100%@host',
    'unix:///',
    'unix://run',
  ])('%s is refused', (url) => {
    expect(read('REDIS_URL', url)).toBe('refused');
  });
});
