import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ProjectCopy } from '../support/project-copy.ts';
import { useRedis } from '../support/use-redis.ts';

/** A queue by priority, which nothing in the project knows. */
const FILE = readFileSync(new URL('priority-queue.ts', import.meta.url), 'utf8');
const NAME = 'priority-queue';
const REGISTRY = 'shared/src/patterns/index.ts';

const own = useRedis();
let copy: ProjectCopy;

beforeAll(async () => {
  copy = await ProjectCopy.make();
  await copy.write(`shared/src/patterns/${NAME}.ts`, FILE);
  const registry = await copy.read(REGISTRY);
  const listed = registry.replace('queue, reliableQueue', 'queue, priorityQueue, reliableQueue');
  await copy.write(REGISTRY, `import { priorityQueue } from './${NAME}.ts';\n${listed}`);
  await copy.npm('build');
}, 120_000);

afterAll(async () => {
  await copy[Symbol.asyncDispose]();
});

const env = () => ({ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(own.server.port), PATTERN: NAME });

test('a new pattern is a file and its entry in the registry: services, configuration and tables know it', async () => {
  const printed = await copy.npm('start', [], { ...env(), MESSAGE_COUNT: '5', PUBLISH_INTERVAL: '0.01' });
  expect(printed).toMatch(/^start .* priority-queue +5 +5 +5 /m);
  await copy.npm('generate');
  expect(await copy.read('docs/configuration.md')).toMatch(/\| `PRIORITY_QUEUE` \| `message_priority` \|/);
  expect(await copy.read('README.md')).toMatch(/Commands.*`ZADD` `BZPOPMIN`/);
  expect(await copy.read('.env.example')).toContain('#PRIORITY_QUEUE=message_priority');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: compose's own syntax
  expect(await copy.read('docker-compose.yml')).toContain('PRIORITY_QUEUE: ${PRIORITY_QUEUE:-}');
}, 120_000);

test('the conformance suite checks its claims', async () => {
  const printed = await copy.npm('test', ['test/conformance', '-t', NAME, '--globalSetup=']);
  const [, passed] = /Tests: .*?(\d+) passed/.exec(printed) as RegExpExecArray;
  expect(Number(passed)).toBeGreaterThan(10);
}, 120_000);

test('its dead letters are listed and replayed', async () => {
  await own.redis.zAdd('message_priority', { score: 1, value: `${'1'.padStart(16, '0')}not a message` });
  await copy.npm('start', [], { ...env(), MESSAGE_COUNT: '1' });
  expect(await copy.npm('dead-letters', [NAME], env())).toContain('not a message');
  await copy.npm('dead-letters', [NAME, 'replay', 'all'], env());
  expect(await own.redis.zCard('message_priority')).toBe(1);
}, 120_000);

test('the comparison and the benchmark measure it', async () => {
  const options = ['--patterns', NAME, '--experiments', 'nobody-listens', '--messages', '100', '--out', 'out'];
  await copy.npm('compare', options);
  const { experiments } = JSON.parse(await copy.read('out/results.json'));
  expect(experiments[0].patterns[NAME]).toMatchObject({ verdict: 'kept', lost: 0 });
  const benched = await copy.npm('bench', ['throughput'], { PATTERN: NAME, MESSAGES: '500' });
  expect(benched).toMatch(/priority-queue +[\d,]+ +- +- /);
}, 240_000);
