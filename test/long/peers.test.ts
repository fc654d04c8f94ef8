import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { peers } from '../../compare/peers/index.ts';
import type { Peer } from '../../compare/peers/peer.ts';
import { peerCommand } from '../../compare/runner/run.ts';
import type { Environment } from '../../local/process/environment.ts';
import { ROOT } from '../../local/process/node-command.ts';
import { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

const MESSAGES = 50;
const own = useRedis();
afterEach(async () => {
  await own.redis.flushAll();
});

const service = (side: 'publisher' | 'subscriber', { name, topic }: Peer, env: Environment = {}) =>
  new ServiceProcess(
    side,
    { REDIS_PORT: own.server.port, PATTERN: name, [topic.variable]: 'peer', RECLAIM_AFTER: 1, ...env },
    [],
    peerCommand,
  );

const ids = (process: ServiceProcess, event: string) => process.events(event).map((line) => line.id as string);

/** `npm run compare` with options, on the Redis of the tests: its exit code, what it printed, and what it found. */
async function compare(options: string, env: NodeJS.ProcessEnv = {}) {
  const out = await mkdtemp(join(tmpdir(), 'peers-'));
  const line = `${options} --messages 100 --redis redis://127.0.0.1:${own.server.port} --out ${out}`;
  const args = ['run', '--silent', 'compare', '--', ...line.split(' ')];
  const [code, text] = await new Promise<[number, string]>((resolve) => {
    execFile('npm', args, { cwd: ROOT, timeout: 280_000, env: { ...process.env, ...env } }, (error, stdout) =>
      resolve([error ? Number(error.code) : 0, stdout]),
    );
  });
  const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
  await rm(out, { recursive: true });
  return { code, text, results };
}

/** The contents of all lists and hashes in Redis, as text. */
async function everything(): Promise<string> {
  const texts: string[] = [];
  for (const key of await own.redis.keys('*')) {
    const type = await own.redis.type(key);
    if (type === 'list') texts.push(...(await own.redis.lRange(key, 0, -1)));
    if (type === 'hash') texts.push(...Object.values(await own.redis.hGetAll(key)));
  }
  return texts.join('\n');
}

const keeping = peers.filter(({ guarantees }) => guarantees.keepsUnread);
const env = { MESSAGE_COUNT: MESSAGES, PUBLISH_INTERVAL: 0 };

describe('peers', () => {
  test.each(keeping.map((peer) => [peer.name, peer] as const))(
    '%s: published messages are in Redis, as its log says, and received ones no longer',
    async (_name, peer) => {
      await using publisher = service('publisher', peer, env);
      expect(await publisher.exited).toBe(0);
      const published = ids(publisher, 'published');
      expect(new Set(published).size).toBe(MESSAGES);
      const held = await everything();
      for (const id of published) expect(held).toContain(id);
      expect(await peer.backlog(own.redis, 'peer', '')).toMatchObject({ waiting: MESSAGES, inFlight: 0 });

      await using subscriber = service('subscriber', peer);
      await until('all messages', () => ids(subscriber, 'received').length >= MESSAGES);
      await until('none to be left', async () => !(await everything()).includes(published.at(-1) as string));
      expect(ids(subscriber, 'received').sort()).toEqual(published.sort());
      expect(await subscriber.stop()).toBe(0);
      expect(subscriber.final(peer.name)).toMatchObject({ received: MESSAGES, duplicated: 0, reordered: 0 });
      expect(await peer.backlog(own.redis, 'peer', '')).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 });
    },
  );

  test.each(keeping.filter(({ guarantees }) => guarantees.survivesCrash).map((peer) => [peer.name, peer] as const))(
    '%s: messages in flight at a crash are redelivered',
    async (_name, peer) => {
      await using publisher = service('publisher', peer, env);
      await publisher.exited;
      await using victim = service('subscriber', peer, { WORK_TIME: 60 });
      const inFlight = async () => (await peer.backlog(own.redis, 'peer', '')).inFlight;
      await until('a message in flight', async () => (await inFlight()) > 0);
      await victim.stop('SIGKILL');
      await using next = service('subscriber', peer);
      await until('all messages', () => new Set(ids(next, 'received')).size === MESSAGES);
      expect(ids(next, 'received').sort()).toEqual(ids(publisher, 'published').sort());
    },
  );

  test.each(peers.filter(({ guarantees }) => !guarantees.keepsUnread).map((peer) => [peer.name, peer] as const))(
    '%s: other subscribers receive what its log says was published',
    async (_name, peer) => {
      const heard: string[] = [];
      const listener = own.redis.duplicate();
      listener.on('error', () => {});
      await listener.connect();
      await listener.subscribe('peer', (text) => heard.push(JSON.parse(text).id));
      await using subscriber = service('subscriber', peer);
      await subscriber.event('ready');
      await using publisher = service('publisher', peer, env);
      await publisher.exited;
      await until('all messages', () => heard.length >= MESSAGES && ids(subscriber, 'received').length >= MESSAGES);
      listener.destroy();
      expect(heard).toEqual(ids(publisher, 'published'));
      expect(ids(subscriber, 'received')).toEqual(heard);
      expect(publisher.events('published').every((line) => line.reply === 2)).toBe(true);
    },
  );

  test('npm run compare -- --peers: they are further columns of the experiments that run with peers', async () => {
    const { code, results } = await compare('--experiments nobody-listens,late-group --patterns queue --peers');
    expect(code).toBe(0);
    const [nobody, late] = results.experiments;
    expect(Object.keys(nobody.patterns)).toEqual(['queue', ...peers.map(({ name }) => name)]);
    expect(Object.keys(late.patterns)).toEqual(['queue']);
    for (const { name, guarantees } of peers) {
      const { accepted, received, lost, verdict } = nobody.patterns[name];
      expect([accepted, received, lost]).toEqual(guarantees.keepsUnread ? [100, 100, 0] : [100, 0, 100]);
      expect(verdict).toBe(guarantees.keepsUnread ? 'kept' : 'loss outside the promise');
    }
    expect(results.options.peers).toContainEqual(expect.stringMatching(/^bullmq \d/));
    expect(await own.redis.dbSize()).toBe(0); // nothing of it is left behind
  });

  test('one that fails has the reason in its cell, and all others go on', async () => {
    const program = "if (process.env.PATTERN === 'bullmq') throw new Error('it is Monday')";
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
    const { code, text, results } = await compare('--experiments nobody-listens --patterns queue --peers', env);
    expect(code).toBe(1);
    const [{ patterns, failed }] = results.experiments;
    expect(Object.keys(patterns)).toEqual(['queue', 'bee-queue', 'ioredis-list', 'ioredis-pubsub']);
    expect(Object.values(patterns)).not.toContainEqual(expect.objectContaining({ verdict: 'broken' }));
    expect(failed).toEqual({ bullmq: expect.stringContaining('it is Monday') });
    expect(text).toMatch(/nobody-listens, bullmq: .*it is Monday/s);
    expect(await own.redis.dbSize()).toBe(0);
  });
});
