import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig } from '@redis-messaging/shared/service/config';
import { redisAddress, redisOptions } from '@redis-messaging/shared/service/redis-options';

const names = (environment: Record<string, string>) => loadConfig(environment).PATTERN.map((pattern) => pattern.name);

function mistakes(environment: Record<string, string>): string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
  }
  return [];
}

describe('configuration', () => {
  test('has defaults for everything; an empty variable counts as unset', () => {
    for (const environment of [{}, { PUBLISH_INTERVAL: '', REDIS_PORT: '', PATTERN: '', LOG_FORMAT: '' }]) {
      const config = loadConfig(environment);
      expect(config).toMatchObject({
        PUBLISH_INTERVAL: 2,
        REDIS_PORT: 6379,
        LOG_FORMAT: 'pretty',
        SHUTDOWN_TIMEOUT: 10,
      });
      expect(config.MESSAGE_COUNT).toBe(Number.POSITIVE_INFINITY);
      expect([...config.topics.values()]).toEqual([
        'messages',
        'message_sharded',
        'message_queue',
        'message_reliable_queue',
        'message_stream',
      ]);
      expect(Object.isFrozen(config)).toBe(true);
    }
  });

  test('PATTERN takes names, words for several, and lists', () => {
    expect(names({})).toEqual(['pubsub', 'queue']);
    expect(names({ PATTERN: 'both' })).toEqual(['pubsub', 'queue']);
    expect(names({ PATTERN: 'queue' })).toEqual(['queue']);
    expect(names({ PATTERN: 'all' })).toEqual(['pubsub', 'sharded-pubsub', 'queue', 'reliable-queue', 'stream']);
    expect(names({ PATTERN: 'stream,queue' })).toEqual(['queue', 'stream']);
    expect(names({ PATTERN: ' Queue, pubsub,queue ' })).toEqual(['pubsub', 'queue']);
  });

  test.each(['carrier-pigeon', 'pubsub,', ',', 'pubsub;queue', '__proto__', 'constructor'])(
    'PATTERN=%s is refused with the valid names',
    (word) => {
      expect(mistakes({ PATTERN: word })).toEqual([
        expect.stringMatching(
          /^PATTERN=.*: expected one of pubsub, sharded-pubsub, queue, reliable-queue, stream, both, all/,
        ),
      ]);
    },
  );

  test('reports all mistakes together: variable, value, expectation', () => {
    expect(
      mistakes({
        REDIS_PORT: '0',
        PUBLISH_INTERVAL: '-1',
        MESSAGE_COUNT: '1.5',
        LOG_FORMAT: 'xml',
        WORK_TIME: '1e3',
        HEALTH_PORT: '80 80',
      }),
    ).toEqual([
      'REDIS_PORT="0": expected a whole number from 1 to 65535',
      'PUBLISH_INTERVAL="-1": expected seconds, a number from 0 to 86400',
      'MESSAGE_COUNT="1.5": expected a whole number, 1 or more',
      'WORK_TIME="1e3": expected seconds, a number from 0 to 86400',
      'LOG_FORMAT="xml": expected one of pretty, json',
      'HEALTH_PORT="80 80": expected a whole number from 0 to 65535',
    ]);
  });

  test('never shows a password', () => {
    expect(mistakes({ REDIS_URL: 'http://user:hunter2@host' }).join()).not.toContain('hunter2');
    const config = loadConfig({ REDIS_URL: 'rediss://user:hunter2@example.org:6380/1', REDIS_HOST: 'other' });
    expect(redisAddress(config)).toBe('example.org:6380');
  });

  test('REDIS_URL wins; the password may come from a file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password');
    writeFileSync(file, 'from file\n');
    const config = loadConfig({ REDIS_PASSWORD_FILE: file, REDIS_HOST: 'h', REDIS_USERNAME: 'u' });
    expect(redisOptions(config, 'x')).toEqual({
      socket: { host: 'h', port: 6379 },
      username: 'u',
      password: 'from file',
      name: 'x',
    });
    expect(mistakes({ REDIS_PASSWORD_FILE: `${file}.none` })).toEqual([
      `REDIS_PASSWORD_FILE="${file}.none": expected the path of a file that can be read`,
    ]);
  });
});
