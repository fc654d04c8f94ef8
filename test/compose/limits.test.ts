import { afterEach, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { until } from '../../testkit/until.ts';
import { Compose, docker } from './compose.ts';

const compose = new Compose(['docker', 'compose'], 'rmp-limits');
const keeping = patterns.filter(({ guarantees }) => guarantees.keepsUnread).map(({ name }) => name);
/** As BUFFER_LIMIT is by default. Together they nearly have BUFFER_BYTES, too. */
const BUFFER_LIMIT = 100_000;
const MESSAGE_BYTES = 650;

afterEach(async () => {
  await compose.call('down', '--volumes', '--timeout', '20');
});

const ASK = "fetch('http://127.0.0.1:8080/metrics').then((answer) => answer.text()).then(console.log)";

/** A metric of a service, by pattern. */
async function metric(service: string, name: string): Promise<Record<string, number>> {
  const text = await docker('exec', await compose.container(service), 'node', '-e', ASK);
  const found = text.matchAll(RegExp(`^redis_messaging_${name}(?:_total)?{pattern="([^"]+)"} (\\d+)$`, 'gm'));
  return Object.fromEntries(Array.from(found, ([, pattern, value]) => [pattern, Number(value)]));
}

/** Waits until this metric of a service has grown by so much for each pattern that keeps messages. */
async function grows(service: string, name: string, by: number): Promise<void> {
  const before = await metric(service, name);
  const hasGrown = async () => {
    const now = await metric(service, name);
    return keeping.every((pattern) => (now[pattern] as number) >= (before[pattern] ?? 0) + by);
  };
  await until(`${name} of ${service} to grow`, hasGrown, 120_000);
}

/** Whether a container runs, whether it was killed for want of memory, and how often it was started again. */
const stateOf = async (service: string) =>
  await docker(
    'inspect',
    '-f',
    '{{.State.Running}} {{.State.OOMKilled}} {{.RestartCount}}',
    await compose.container(service),
  );

test('a publisher whose buffers are all full, because Redis is gone, lives within its memory, and goes on when Redis is back', async () => {
  const env = { PATTERN: 'all', PUBLISH_INTERVAL: 0.0001, MESSAGE_SIZE: MESSAGE_BYTES, LOG_LEVEL: 'warn' };
  await compose.up(env, '--build');
  await compose.healthy('redis', 'subscriber', 'publisher');
  await compose.call('stop', 'redis');
  const isFull = async () => {
    const buffered = await metric('publisher', 'buffered');
    return keeping.every((name) => buffered[name] === BUFFER_LIMIT);
  };
  await until('full buffers', isFull, 120_000);
  await compose.call('start', 'redis');
  await grows('publisher', 'accepted', BUFFER_LIMIT);
  expect(await stateOf('publisher')).toBe('true false 0');
});

test('with no room in Redis, every pattern that keeps messages goes on as fast as they are handled, and no container is killed', async () => {
  await compose.up({ PATTERN: 'all', PUBLISH_INTERVAL: 0, MESSAGE_SIZE: 0, REDIS_MEMORY: '96m', LOG_LEVEL: 'warn' });
  await compose.healthy('redis', 'subscriber', 'publisher');
  const isFull = async () =>
    (await compose.lines(await compose.container('publisher'))).some(({ event }) => event === 'refused');
  await until('Redis to refuse messages', isFull, 120_000);
  await grows('subscriber', 'received', 20_000);
  for (const service of ['redis', 'subscriber', 'publisher'])
    expect([service, await stateOf(service)]).toEqual([service, 'true false 0']);
});
