import { mkdtempSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { loadConfig, loadDotEnv, misspelled, variables } from '@redis-messaging/shared/service/config';
import { redisAddress, redisOptions } from '@redis-messaging/shared/service/redis-options';
import { mistakes } from '../support/config-mistakes.ts';

const names = (environment: Record<string, string>) => loadConfig(environment).PATTERN.map((pattern) => pattern.name);

describe('configuration', () => {
  test('has defaults for everything; an empty variable counts as unset', () => {
    const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));
    for (const environment of [{}, empty]) {
      const { PATTERN, topics, ...rest } = loadConfig(environment);
      expect(rest).toEqual({
        REDIS_URL: '',
        REDIS_HOST: 'localhost',
        REDIS_PORT: 6379,
        REDIS_USERNAME: '',
        REDIS_PASSWORD: '',
        REDIS_PASSWORD_FILE: '',
        REDIS_TLS_CA: '',
        REDIS_TLS_CERT: '',
        REDIS_TLS_KEY: '',
        REDIS_TLS_SERVERNAME: '',
        REDIS_CLUSTER: [],
        REDIS_SENTINELS: [],
        REDIS_SENTINEL_NAME: 'mymaster',
        REDIS_SENTINEL_PASSWORD_FILE: '',
        REDIS_SHARED: 'off',
        PUBLISH_INTERVAL: 2,
        MESSAGE_COUNT: Number.POSITIVE_INFINITY,
        PARTITIONS: 1,
        WAIT_REPLICAS: 0,
        BUFFER_LIMIT: 100_000,
        BUFFER_BYTES: 64 * 1024 * 1024,
        MAX_MESSAGE_BYTES: 16 * 1024 * 1024,
        MESSAGE_SIZE: 0,
        SENDER: 'typescript-publisher',
        CHANNEL: 'messages',
        SHARDED_CHANNEL: 'message_sharded',
        QUEUE: 'message_queue',
        RELIABLE_QUEUE: 'message_reliable_queue',
        STREAM: 'message_stream',
        GROUP: 'subscribers',
        GROUP_START: '0',
        CONSUMER: `${hostname()}-${process.pid}`,
        RECLAIM_AFTER: 30,
        MAX_ATTEMPTS: 5,
        DEDUPE_TTL: 0,
        STREAM_MAXLEN: 100_000,
        CONCURRENCY: 1,
        HANDLER: '',
        HANDLER_TIMEOUT: 300,
        FAIL_RATE: 0,
        WORK_TIME: 0,
        STATS_INTERVAL: 10,
        STATS_HINT: '',
        LOG_LEVEL: 'info',
        LOG_FORMAT: 'pretty',
        HEALTH_PORT: 0,
        HEALTH_HOST: '127.0.0.1',
        DASHBOARD_PORT: null,
        DASHBOARD_CONTROLS: 'on',
        LIVE: 'off',
        SHUTDOWN_TIMEOUT: 10,
      });
      expect(PATTERN.map(({ name }) => name)).toEqual(['pubsub', 'queue']);
      expect([...topics].map(([{ name }, topic]) => `${name}: ${topic}`)).toEqual([
        'pubsub: messages',
        'sharded-pubsub: message_sharded',
        'queue: message_queue',
        'reliable-queue: message_reliable_queue',
        'stream: message_stream',
      ]);
    }
  });

  test('takes several servers, and never shows what may be a password among them', () => {
    const servers = 'one:1, [::1]:2,10.0.0.3:65535';
    expect(loadConfig({ REDIS_CLUSTER: servers }).REDIS_CLUSTER).toEqual([
      { host: 'one', port: 1 },
      { host: '::1', port: 2 },
      { host: '10.0.0.3', port: 65_535 },
    ]);
    for (const bad of ['one', 'one:0', 'one:65536', 'one:1;two:2', 'redis://one:1'])
      expect(() => loadConfig({ REDIS_SENTINELS: bad })).toThrow(`REDIS_SENTINELS="${bad}": expected host:port`);
    expect(() => loadConfig({ REDIS_CLUSTER: 'me:secret@one:1' })).toThrow('REDIS_CLUSTER="…": expected host:port');
    expect(() => loadConfig({ REDIS_CLUSTER: 'one:1', REDIS_SENTINELS: 'two:2' })).toThrow('expected one of them');
  });

  test('is frozen', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  test('is that of the process if nothing else is given', () => {
    process.env.SENDER = 'config.test';
    try {
      expect(loadConfig().SENDER).toBe('config.test');
    } finally {
      delete process.env.SENDER;
    }
  });

  test('.env of the working directory adds what is not set, and says nothing', () => {
    const directory = process.cwd();
    const said = (['log', 'error'] as const).map((way) => jest.spyOn(console, way).mockImplementation(() => {}));
    process.env.SENDER = 'set before';
    try {
      process.chdir(mkdtempSync(join(tmpdir(), 'config-')));
      writeFileSync('.env', 'SENDER=from file\nGROUP=from file\n');
      loadDotEnv();
      expect(loadConfig()).toMatchObject({ SENDER: 'set before', GROUP: 'from file' });
      expect(said.flatMap(({ mock }) => mock.calls)).toEqual([]);
    } finally {
      process.chdir(directory);
      for (const spy of said) spy.mockRestore();
      delete process.env.SENDER;
      delete process.env.GROUP;
    }
  });

  test('PATTERN takes names, words for several, and lists', () => {
    expect(names({ PATTERN: 'both' })).toEqual(['pubsub', 'queue']);
    expect(names({ PATTERN: 'queue' })).toEqual(['queue']);
    expect(names({ PATTERN: 'all' })).toEqual(['pubsub', 'sharded-pubsub', 'queue', 'reliable-queue', 'stream']);
    expect(names({ PATTERN: 'stream,queue' })).toEqual(['queue', 'stream']);
    expect(names({ PATTERN: ' Queue, pubsub,queue ' })).toEqual(['pubsub', 'queue']);
  });

  test.each(['carrier-pigeon', 'pubsub,', ',', 'pubsub;queue', '__proto__', 'constructor'])(
    'PATTERN=%s is refused with the valid names',
    (word) => {
      const valid = 'pubsub, sharded-pubsub, queue, reliable-queue, stream, both, all';
      expect(mistakes({ PATTERN: word })).toEqual([
        `PATTERN="${word}": expected one of ${valid}, or several of them with commas between`,
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
        FAIL_RATE: '2',
        HEALTH_PORT: '80 80',
      }),
    ).toEqual([
      'REDIS_PORT="0": expected a whole number from 1 to 65535',
      'PUBLISH_INTERVAL="-1": expected seconds, a number from 0 to 86400',
      'MESSAGE_COUNT="1.5": expected a whole number, 1 or more',
      'FAIL_RATE="2": expected a number from 0 to 1',
      'WORK_TIME="1e3": expected seconds, a number from 0 to 86400',
      'LOG_FORMAT="xml": expected one of pretty, json',
      'HEALTH_PORT="80 80": expected a whole number from 0 to 65535',
    ]);
  });

  test('says of every variable what is expected and what it is about', () => {
    for (const [name, { expected, about }] of Object.entries(variables))
      expect({ name, expected, about }).toEqual({
        name,
        expected: expect.stringMatching(/\w/),
        about: expect.stringMatching(/^\S.*\w/),
      });
    expect(variables.LOG_FORMAT.about).toMatch(/^`pretty` \\\| `json`: /); // fit for a table of Markdown
    expect(variables.PATTERN.about).toMatch(/: `pubsub`, `sharded-pubsub`, /);
  });

  test('never shows a password', () => {
    expect(mistakes({ REDIS_URL: 'http://user:hunter2@host' })).toEqual([
      'REDIS_URL="…": expected a URL such as redis://user:password@host:6379/0 (rediss:// for TLS, unix:// for a socket)',
    ]);
    const config = loadConfig({ REDIS_URL: 'rediss://user:hunter2@example.org:6380/1', REDIS_HOST: 'other' });
    expect(redisAddress(config)).toBe('example.org:6380');
  });

  test('the password may come from a file, without the line break at its end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password');
    const passwordIn = (text: string) => {
      writeFileSync(file, text);
      return loadConfig({ REDIS_PASSWORD_FILE: file }).REDIS_PASSWORD_FILE;
    };
    expect(passwordIn('from file\n')).toBe('from file');
    expect(passwordIn('from file\r\n')).toBe('from file');
    expect(passwordIn('ö')).toBe('ö');
    expect(redisOptions(loadConfig({ REDIS_PASSWORD_FILE: file, REDIS_HOST: 'h', REDIS_USERNAME: 'u' }), 'x')).toEqual({
      socket: { host: 'h', port: 6379 },
      username: 'u',
      password: 'ö',
      name: 'x',
    });
    expect(loadConfig({ REDIS_PASSWORD_FILE: '/dev/null' }).REDIS_PASSWORD_FILE).toBe('');
  });

  test('a password is one line; a file of it that is empty is a mistake, not no password', () => {
    const expected = 'expected the path of a file whose only line is the password';
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password');
    const mistakesOf = (text: string) => {
      writeFileSync(file, text);
      return mistakes({ REDIS_PASSWORD_FILE: file });
    };
    for (const text of ['', '\n', ' \r\n'])
      expect(mistakesOf(text)).toEqual([`REDIS_PASSWORD_FILE="${file}": the file is empty; ${expected}`]);
    for (const text of ['two\nlines', 'one\n\n', 'a\rb', '\nx'])
      expect(mistakesOf(text)).toEqual([`REDIS_PASSWORD_FILE="${file}": the file has more than one line; ${expected}`]);
    expect(mistakes({ REDIS_PASSWORD: 'two\nlines' })).toEqual(['REDIS_PASSWORD="…": expected one line']);
    expect(mistakes({ REDIS_URL: 'redis://user:two%0Alines@host' })).toEqual([expect.stringMatching(/^REDIS_URL="…"/)]);
  });

  test('what may be a password in the wrong place is not shown', () => {
    for (const wrong of ['hunter2', 'hunter/2', 'x'.repeat(10_000)])
      expect(mistakes({ REDIS_PASSWORD_FILE: wrong })).toEqual([
        'REDIS_PASSWORD_FILE="…": there is no such file; expected the path of a file whose only line is the password',
      ]);
    for (const wrong of [
      'user:hunter2@host',
      'hunter2@host',
      'redis://:hunter2@host',
      'host:6380',
      'a b',
      'h/0',
      'a%40b',
    ])
      expect(mistakes({ REDIS_HOST: wrong })).toEqual([
        'REDIS_HOST="…": expected a host name or an IP address; a port goes to REDIS_PORT, a password to REDIS_PASSWORD_FILE, a URL to REDIS_URL',
      ]);
    for (const right of ['host', 'a_b-c.example.org.', 'münchen', '127.0.0.1', '::1', 'fe80::1%eth0'])
      expect(mistakes({ REDIS_HOST: right })).toEqual([]);
  });

  test('names the variable that a misspelled one was meant to be, and never shows a value', () => {
    const said = (name: string, others = {}) => misspelled({ [name]: 'hunter2', ...others });
    const meant = {
      PUBLSH_INTERVAL: 'PUBLISH_INTERVAL',
      REDIS_PASWORD: 'REDIS_PASSWORD',
      PATTREN: 'PATTERN',
      queue: 'QUEUE',
    };
    for (const [name, right] of Object.entries(meant))
      expect(said(name)).toEqual([`${name} is not a variable of ours; did you mean ${right}?`]);
    for (const foreign of ['REDIS_SERVER', 'REDIS_SERVICE_PORT', 'HOST', 'PATH', 'SHELL', 'HOSTNAME', 'TERM'])
      expect(said(foreign)).toEqual([]);
    expect(said('QUEUES', { QUEUE: 'mine' })).toEqual([]); // so QUEUES is somebody else's
    expect(misspelled(Object.fromEntries(Object.keys(variables).map((name) => [name, 'x'])))).toEqual([]);
  });
});
