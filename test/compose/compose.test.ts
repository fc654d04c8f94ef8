import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Environment } from '../../local/process/environment.ts';
import type { Line } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { Compose, docker, expectConfined } from './compose.ts';

const GENERATIONS = [
  ['docker-compose', ['docker-compose'], 'redis:8-alpine'],
  ['docker compose', ['docker', 'compose'], 'redis:8-alpine'],
  ['docker compose, Valkey', ['docker', 'compose'], 'valkey/valkey:8-alpine'],
] as const;

/** A password whose ends are found however the middle is escaped. */
const CANARY = 'kanarie@:/% #é"\\kanarie';

describe.each(GENERATIONS)('%s', (name, command, image) => {
  const compose = new Compose(command, `rmp-test-${name.replace(/\W+/g, '-').toLowerCase()}`);
  const usual = { ...compose.env, REDIS_IMAGE: image };
  compose.env = usual;

  afterEach(() => {
    compose.env = usual;
  });
  afterAll(async () => {
    await compose.call('down', '--volumes', '--timeout', '20');
  });

  test('runs: three healthy services, every message by every pattern, exit codes 0', async () => {
    await compose.up({}, '--build');
    await compose.healthy('redis', 'subscriber', 'publisher');
    const [publisher, subscriber] = [await compose.container('publisher'), await compose.container('subscriber')];
    for (const pattern of ['pubsub', 'queue']) {
      await compose.receives(subscriber, pattern);
      const counts = (await compose.received(subscriber, pattern)).slice(0, 5).map((line) => line.count);
      expect(counts).toEqual([1, 2, 3, 4, 5]);
    }
    await compose.call('stop');
    for (const container of [publisher, subscriber]) {
      expect(await docker('inspect', '-f', '{{.State.ExitCode}}', container)).toBe('0');
      expect((await compose.lines(container)).at(-1)).toMatchObject({ event: 'stopped' });
    }
    const final = async (container: string) => (await compose.lines(container)).at(-1)?.patterns;
    const [sent, got] = [await final(publisher), await final(subscriber)];
    for (const pattern of ['pubsub', 'queue']) {
      expect(sent[pattern].accepted).toBeGreaterThanOrEqual(5);
      expect(got[pattern]).toMatchObject({ received: sent[pattern].accepted, lost: 0, duplicated: 0 });
    }
  });

  test('another PATTERN and `up` again just works', async () => {
    await compose.up({ PATTERN: 'pubsub', SENDER: 'other', CHANNEL: 'elsewhere' });
    await compose.healthy('redis', 'subscriber', 'publisher');
    const subscriber = await compose.container('subscriber');
    await compose.receives(subscriber, 'pubsub');
    expect((await compose.received(subscriber, 'pubsub')).every((line) => line.sender === 'other')).toBe(true);
    expect(await compose.received(subscriber, 'queue')).toEqual([]);
  });

  test('three subscribers share the queue and each hear the channel', async () => {
    await compose.up({ PUBLISH_INTERVAL: 0.02 }, '--scale', 'subscriber=3');
    await compose.healthy('redis', 'subscriber', 'publisher');
    const subscribers = await compose.containers('subscriber');
    expect(subscribers).toHaveLength(3);
    for (const subscriber of subscribers) {
      await compose.receives(subscriber, 'pubsub', 20);
      await compose.receives(subscriber, 'queue', 5);
    }
    await compose.call('stop', 'publisher');
    const publisher = (
      await docker(
        'ps',
        '-aq',
        '--filter',
        `label=com.docker.compose.project=${compose.project}`,
        '--filter',
        'label=com.docker.compose.service=publisher',
      )
    ).split('\n')[0] as string;
    const { accepted } = ((await compose.lines(publisher)).at(-1) as Line).patterns.queue;
    const since = (lines: Line[]) =>
      new Set(lines.filter((line) => line.sender === 'typescript-publisher').map((line) => line.id));
    const ids = async () =>
      (await Promise.all(subscribers.map(async (id) => [...since(await compose.received(id, 'queue'))]))).flat();
    await until('the queue to be empty', async () => (await ids()).length >= accepted);
    const all = await ids();
    expect(new Set(all).size).toBe(all.length);
    await compose.up({}, '--scale', 'subscriber=1');
  });

  test('the log shows one table of all, and says how to see the last one after Ctrl-C', async () => {
    await compose.up({ PATTERN: 'all', STATS_INTERVAL: 1, LOG_FORMAT: 'pretty' }, '--scale', 'subscriber=3');
    await compose.healthy('redis', 'subscriber', 'publisher');
    const tableOf = (log: string) => log.match(/pubsub × 3 +(\d+) [\s\S]*?stream +\1 /);
    const logs = async (...more: string[]) => await compose.call('logs', ...more, 'subscriber');
    await until('a table of all', async () => tableOf(await logs()), 30_000);
    const hint = /docker-compose (logs --tail=\d+ subscriber)/.exec(await logs());
    await compose.call('stop'); // as Ctrl-C does
    const [, ...words] = hint?.[1]?.split(' ') ?? [];
    const end = await compose.call('logs', ...words);
    expect(tableOf(end.slice(end.lastIndexOf('Stopped\n')))).not.toBeNull();
    expect(end.match(/Stopped\n/g)).toHaveLength(1);
    await compose.up({}, '--scale', 'subscriber=1');
  });

  test('the live page is a service of its own, on loopback; with the token of its log it kills subscribers, which come back', async () => {
    await compose.up({ PATTERN: 'all' });
    await compose.healthy('redis', 'subscriber', 'publisher', 'dashboard');
    const address = (await compose.call('port', 'dashboard', '8080')).trim();
    expect(address).toMatch(/^127\.0\.0\.1:80[89]\d$/);
    const page = await fetch(`http://${address}/`);
    expect([page.status, page.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
    ]);
    const looking = new AbortController();
    const events = await fetch(`http://${address}/events`, { signal: looking.signal });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    const kill = async (token: string) =>
      await fetch(`http://${address}/controls/service`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-dashboard-token': token },
        body: JSON.stringify({ to: { service: 'subscriber' }, do: 'die' }),
      });
    expect((await kill('guessed')).status).toBe(403);
    const [, token = ''] = /ADDRESS\/#([\w-]+); /.exec(await compose.call('logs', 'dashboard')) ?? [];
    const subscriber = await compose.container('subscriber');
    await until('a kill', async () => (await kill(token)).ok);
    const restarts = () => docker('inspect', '-f', '{{.RestartCount}}', subscriber);
    await until('it to come back', async () => Number(await restarts()) > 0, 30_000);
    await compose.healthy('subscriber');
    looking.abort();
    expect(await docker('inspect', '-f', '{{.State.Health.Status}}', await compose.container('dashboard'))).toBe(
      'healthy',
    );
  });

  test('all five patterns; after a kill and a restart of Redis the tables show exactly what each lost', async () => {
    const topics = Object.fromEntries(patterns.map(({ topic }) => [topic.variable, `kill_${topic.default}`]));
    await compose.up({ ...topics, PATTERN: 'all', PUBLISH_INTERVAL: 0.05, RECLAIM_AFTER: 2 });
    await compose.healthy('redis', 'subscriber', 'publisher');
    const [publisher, subscriber] = [await compose.container('publisher'), await compose.container('subscriber')];
    const more = async () => {
      const before = (await compose.received(subscriber, 'pubsub')).length;
      for (const { name } of patterns) await compose.receives(subscriber, name, before + 10);
    };
    await more();
    await compose.call('kill', 'subscriber');
    await sleep(1000); // an absence
    await compose.call('start', 'subscriber');
    await more();
    await compose.call('restart', 'redis');
    await more();
    await sleep(4000); // what was in flight when Redis went comes again after RECLAIM_AFTER
    await compose.call('stop', 'publisher');
    await compose.call('stop', 'subscriber');
    const finalOf = async (container: string) => (await compose.lines(container)).at(-1)?.patterns;
    const [sent, got] = [await finalOf(publisher), await finalOf(subscriber)];
    for (const { name, guarantees } of patterns) {
      const received = new Set((await compose.received(subscriber, name)).map((line) => line.count));
      const { accepted, unconfirmed, unexplained, moving } = got[name];
      expect([name, unexplained, moving]).toEqual([name, 0, 0]);
      expect([name, accepted + unconfirmed]).toEqual([name, sent[name].accepted + sent[name].unconfirmed]);
      // The kill may come between a line of the log and the entry in the account: one message.
      expect(Math.abs(got[name].lost - (accepted - received.size))).toBeLessThanOrEqual(1);
      if (guarantees.delivery === 'at-least-once') expect([name, got[name].lost]).toEqual([name, 0]);
      if (!guarantees.keepsUnread) expect(got[name].lost).toBeGreaterThan(10);
    }
  });

  test('containers are not root, cannot write to their file system, have no capabilities, and are bounded', async () => {
    await compose.up();
    await compose.healthy('redis', 'subscriber', 'publisher');
    for (const service of ['redis', 'subscriber', 'publisher', 'dashboard']) {
      await expectConfined(await compose.container(service));
    }
  });

  test('Redis refuses messages when they fill a third of its memory, whatever that is', async () => {
    for (const [memory, bytes] of [
      [undefined, 256 * 2 ** 20],
      ['96m', 32 * 2 ** 20],
    ]) {
      await compose.up({ REDIS_MEMORY: memory });
      await compose.healthy('redis');
      const said = await docker('exec', await compose.container('redis'), 'redis-cli', 'config', 'get', 'maxmemory*');
      const settings = said.split('\n');
      const setting = (name: string) => settings[settings.indexOf(name) + 1];
      expect([setting('maxmemory'), setting('maxmemory-policy')]).toEqual([String(bytes), 'noeviction']);
    }
  });

  test('REDIS_PORT moves Redis, on loopback of the host only; a password from the shell or a file protects it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'compose-'));
    const file = join(folder, 'password');
    await writeFile(file, `${CANARY}\n`, { mode: 0o644 });
    const secrets: Environment[] = [
      { REDIS_PASSWORD: 'p"a\\s $s' },
      { REDIS_PASSWORD: '', REDIS_PASSWORD_FILE: file, REDIS_USERNAME: 'somebody' },
    ];
    for (const secret of secrets) {
      await compose.up({ REDIS_PORT: 16_380, ...secret });
      await compose.healthy('redis', 'subscriber', 'publisher');
      await compose.receives(await compose.container('subscriber'), 'queue');
      expect(await compose.call('port', 'redis', '16380')).toBe('127.0.0.1:16380');
      const redis = await compose.container('redis');
      expect(await docker('exec', redis, 'redis-cli', '-p', '16380', 'ping')).toContain('NOAUTH');
      expect(await docker('exec', redis, 'sh', '-c', 'cat /proc/[0-9]*/cmdline')).not.toMatch(/p"a|kanarie/);
    }
    expect(await compose.listings('redis', 'subscriber', 'publisher', 'dashboard')).not.toContain('kanarie');
    await rm(folder, { recursive: true });
  });

  test('a password file that is empty, or has several lines, starts nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'compose-'));
    const file = join(folder, 'password');
    for (const [content, said] of [
      ['', 'the file is empty'],
      ['two\nlines\n', 'more than one line'],
    ] as const) {
      await writeFile(file, content, { mode: 0o644 });
      compose.env = { ...usual, REDIS_PASSWORD_FILE: file };
      for (const service of ['redis', 'subscriber'])
        await expect(compose.call('run', '--rm', '--no-deps', '-T', service)).rejects.toThrow(said);
    }
    await rm(folder, { recursive: true });
  });

  test('a taken port of the host is no obstacle', async () => {
    const taken = createServer().listen(6379, '127.0.0.1');
    try {
      await compose.up();
      await compose.healthy('redis', 'subscriber', 'publisher');
      expect(await compose.call('port', 'redis', '6379')).toMatch(/^127\.0\.0\.1:\d+$/);
    } finally {
      taken.close();
    }
  });

  test('REDIS_HOST and REDIS_PORT lead elsewhere', async () => {
    await compose.up();
    const elsewhere = `${compose.project}-elsewhere`;
    const id = await docker(
      'run',
      '-d',
      '--rm',
      '--name',
      elsewhere,
      '--network',
      `${compose.project}_default`,
      image,
      image.includes('valkey') ? 'valkey-server' : 'redis-server',
      '--port',
      '6390',
      '--protected-mode',
      'no',
    );
    try {
      await compose.up({ REDIS_HOST: elsewhere, REDIS_PORT: 6390 });
      await compose.healthy('subscriber', 'publisher');
      const subscriber = await compose.container('subscriber');
      await compose.receives(subscriber, 'queue');
      const connected = (await compose.lines(subscriber)).find((line) => line.event === 'connected');
      expect(connected?.address).toBe(`${elsewhere}:6390`);
      await compose.call('stop', 'publisher', 'subscriber');
    } finally {
      await docker('stop', id);
    }
  });
});
