import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { NOT_REPLICATED } from '../../compare/account/replication.ts';
import type { Experiment } from '../../compare/experiments/experiment.ts';
import { BUSIEST, TOGETHER } from '../../compare/experiments/servers/primaries.ts';
import { READS_BACK, REDIS_BACK, WRITES_BACK } from '../../compare/experiments/servers/primary-dies.ts';
import { MIGRATION } from '../../compare/experiments/servers/slots-migrate.ts';
import type { ExperimentResult } from '../../compare/measure/result.ts';
import { readOptions } from '../../compare/options/options.ts';
import type { Options } from '../../compare/runner/options.ts';
import { runExperiment } from '../../compare/runner/run.ts';
import { OwnRedis } from '../../compare/testbed/lab-redis.ts';
import { findServer, type ServerProgram } from '../../local/redis/find-server.ts';

jest.setTimeout(180_000);
const { signal } = new AbortController();
let server: ServerProgram;
let redis: OwnRedis;
beforeAll(async () => {
  server = await findServer(console.error);
  redis = await OwnRedis.start(server, [], signal);
});
afterAll(async () => await redis[Symbol.asyncDispose]());

/** Runs an experiment with several servers. @param words further options @param changes what is different in it */
async function run(name: string, words = '', changes: Partial<Experiment> = {}): Promise<ExperimentResult> {
  const options = readOptions(`--experiments ${name} --seed 4 ${words}`.trim().split(' ')) as Options;
  const [experiment] = options.experiments as [Experiment];
  const result = await runExperiment({ options, redis, server, prefix: 'x', signal }, { ...experiment, ...changes });
  expect([result.skipped, Object.keys(result.patterns)]).toEqual([undefined, options.patterns.map(({ name }) => name)]);
  return result;
}

const keeping = patterns.filter(({ guarantees }) => guarantees.keepsUnread).map(({ name }) => name);
const surviving = patterns.filter(({ guarantees }) => guarantees.survivesCrash).map(({ name }) => name);

describe.each(['cluster', 'sentinel'])('%s: a primary dies', (kind) => {
  test('what was not replicated is lost, with that cause and no other; both times are told', async () => {
    const { patterns: measured } = await run(`${kind}-primary-dies`);
    for (const [name, { verdict, lost, causes, figures }] of Object.entries(measured)) {
      expect([name, verdict]).not.toEqual([name, 'broken']);
      if (!surviving.includes(name)) continue;
      const [redisBack, writes, reads] = [REDIS_BACK, WRITES_BACK, READS_BACK].map((figure) => Number(figures[figure]));
      expect(redisBack).toBeGreaterThan(1000); // nobody is taken for dead sooner
      expect(Math.min(writes as number, reads as number)).toBeGreaterThanOrEqual(redisBack as number);
      expect(lost).toBeGreaterThan(0);
      expect(causes).toEqual([{ cause: NOT_REPLICATED, messages: lost }]);
    }
  });

  test('with WAIT_REPLICAS=1 nothing that was accepted is lost', async () => {
    const { patterns: measured } = await run(`${kind}-primary-dies-wait`, `--patterns ${surviving}`);
    for (const { verdict, lost } of Object.values(measured)) {
      expect(verdict).not.toBe('broken');
      expect(lost).toBe(0); // some may be unconfirmed
    }
  });
});

test('publishers that do not wait for a replica, though they should, are found to break the promise', async () => {
  const { patterns: measured } = await run('sentinel-primary-dies-wait', `--patterns ${surviving}`, { env: {} });
  for (const { verdict, lost, claims } of Object.values(measured)) {
    expect([verdict, lost > 0]).toEqual(['broken', true]);
    const text = 'what Redis accepted survives the death of its primary';
    expect(claims).toContainEqual({ text, promised: true, holds: false });
  }
});

test('slots that migrate while messages flow lose nothing that is kept', async () => {
  const { patterns: measured } = await run('cluster-slots-migrate');
  for (const [name, { verdict, figures, received }] of Object.entries(measured)) {
    expect([name, verdict]).not.toEqual([name, 'broken']);
    expect(figures[MIGRATION]).toBeGreaterThan(0);
    if (keeping.includes(name)) expect([name, verdict, received]).toEqual([name, 'kept', 1500]);
  }
});

test('partitions share the CPU among the primaries; classic Pub/Sub goes to each of them', async () => {
  const { patterns: measured } = await run('cluster-2-primaries', '--messages 200');
  for (const { figures } of Object.values(measured)) {
    const [busiest, together] = [BUSIEST, TOGETHER].map((figure) => Number(figures[figure]));
    expect(busiest).toBeGreaterThan(0);
    expect(together).toBeGreaterThanOrEqual(busiest as number);
    expect(Number(figures['primary 2: CPU (µs per message)'])).toBeGreaterThan(0);
  }
});
