import { afterAll, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { until } from '../../testkit/until.ts';
import { Compose, docker, expectConfined } from './compose.ts';

const SERVERS = ['redis', 'redis-2', 'redis-3', 'redis-4', 'redis-5', 'redis-6'];
const FILES = ['docker-compose.yml', 'docker-compose.cluster.yml'];
/** Its ends are found, however the middle is quoted. */
const PASSWORD = 'kanarie@:/% #é"\\kanarie';

describe.each([
  ['docker-compose', ['docker-compose'], 'redis:8-alpine', ''],
  ['docker compose', ['docker', 'compose'], 'valkey/valkey:8-alpine', PASSWORD],
] as const)('the demo on a Cluster by %s', (name, command, REDIS_IMAGE, REDIS_PASSWORD) => {
  const compose = new Compose(command, `rmp-cluster-${name.replace(/\W+/g, '-')}`, ...FILES);
  compose.env = { ...compose.env, PATTERN: 'all', PARTITIONS: 3, LOG_LEVEL: 'debug', REDIS_IMAGE, REDIS_PASSWORD };
  afterAll(async () => {
    await compose.call('down', '--volumes', '--timeout', '20');
  });

  /** Redis' answer to a command. */
  async function ask(service: string, ...words: string[]): Promise<string> {
    const login = REDIS_PASSWORD ? ['-e', `REDISCLI_AUTH=${REDIS_PASSWORD}`] : [];
    const container = await compose.container(service);
    return await docker(
      'exec',
      ...login,
      container,
      'sh',
      '-c',
      '$(command -v valkey-cli || command -v redis-cli) "$@"',
      '-',
      ...words,
    );
  }

  /** Waits until so many messages more have arrived by every pattern. */
  async function flows(more: number): Promise<void> {
    const subscriber = await compose.container('subscriber');
    for (const pattern of patterns)
      await compose.receives(
        subscriber,
        pattern.name,
        (await compose.received(subscriber, pattern.name)).length + more,
      );
  }

  /** Waits until the page tells of all servers, by their names. */
  async function pageShowsServers(): Promise<void> {
    const address = (await compose.call('port', 'dashboard', '8080')).trim();
    const events = await fetch(`http://${address}/events`, { signal: AbortSignal.timeout(20_000) });
    let told = '';
    for await (const chunk of events.body ?? []) {
      told += Buffer.from(chunk).toString();
      if (SERVERS.every((server) => told.includes(`{"address":"${server}:6379"`))) return;
    }
    throw new Error('the stream of the page ended');
  }

  const primaryOf = async (name: string) => (await ask(name, 'role')).startsWith('master');

  test('up: three primaries with their replicas, all healthy, every message by every pattern', async () => {
    await compose.up({}, '--build');
    await compose.healthy(...SERVERS, 'subscriber', 'publisher', 'dashboard');
    const arePrimaries = await Promise.all(SERVERS.map(primaryOf));
    expect(arePrimaries.filter(Boolean)).toHaveLength(3);
    await flows(10);
    await pageShowsServers();
    for (const service of SERVERS) await expectConfined(await compose.container(service));
    if (REDIS_PASSWORD) expect(await compose.call('logs')).not.toContain('kanarie');
  });

  test('a primary that is killed is replaced, and messages flow on', async () => {
    const [victim] = (await Promise.all(SERVERS.map(async (each) => ((await primaryOf(each)) ? [each] : [])))).flat();
    const others = SERVERS.filter((each) => each !== victim);
    await docker('kill', await compose.container(victim as string));
    await until(
      'another primary',
      async () => (await Promise.all(others.map(primaryOf))).filter(Boolean).length === 3,
      30_000,
    );
    await flows(10);
  });

  test('down and up again, whatever addresses the containers get: the same Cluster, with what it had', async () => {
    await ask('redis-4', '-c', 'set', 'kept', 'value');
    await compose.call('down');
    await compose.up({});
    await compose.healthy(...SERVERS, 'subscriber', 'publisher', 'dashboard');
    expect(await ask('redis-2', '-c', 'get', 'kept')).toBe('value');
    await flows(10);
    await compose.call('stop', 'publisher');
    await compose.call('stop', 'subscriber');
    const id = await docker(
      'ps',
      '-aq',
      '--filter',
      `label=com.docker.compose.project=${compose.project}`,
      '--filter',
      'label=com.docker.compose.service=subscriber',
    );
    const stopped = (await compose.lines(id)).findLast(({ event }) => event === 'stopped')?.patterns;
    for (const pattern of patterns)
      expect([pattern.name, stopped[pattern.name].unexplained]).toEqual([pattern.name, 0]);
  });
});
