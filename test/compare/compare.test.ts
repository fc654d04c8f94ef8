import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { TOO_FAST } from '../../compare/account/causes.ts';
import type { Experiment } from '../../compare/experiments/experiment.ts';
import type { ExperimentResult, Measurement, Results } from '../../compare/measure/result.ts';
import { readOptions } from '../../compare/options/options.ts';
import type { Options } from '../../compare/runner/options.ts';
import { runExperiment } from '../../compare/runner/run.ts';
import { OwnRedis } from '../../compare/testbed/lab-redis.ts';
import { serviceCommand } from '../../local/process/node-command.ts';
import { findServer } from '../../local/redis/find-server.ts';
import { until } from '../../testkit/until.ts';
import { startRedis } from '../support/redis.ts';
import { useRedis } from '../support/use-redis.ts';

const ROOT = new URL('../..', import.meta.url);
const own = useRedis();
jest.setTimeout(180_000);

let out: string;
beforeAll(async () => {
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: ROOT });
});
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'compare-'));
});
afterEach(async () => {
  await rm(out, { recursive: true });
});

/** The program of `npm run compare`, with options. */
class Command {
  readonly process;
  readonly exited: Promise<number>;
  stdout = '';
  stderr = '';

  constructor(options: string, folder = out) {
    const args = [...serviceCommand('compare'), ...options.split(' '), '--out', folder];
    this.process = spawn(process.execPath, args, { cwd: ROOT });
    this.process.stdout.on('data', (data) => {
      this.stdout += data;
    });
    this.process.stderr.on('data', (data) => {
      this.stderr += data;
    });
    this.exited = once(this.process, 'close').then(([code]) => code);
  }
}

const resultsOf = async (folder = out): Promise<Results> =>
  JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'));

const measurements = ({ experiments }: Results) =>
  experiments.flatMap(({ name, patterns }) =>
    Object.entries(patterns).map(([pattern, measurement]) => [name, pattern, measurement] as const),
  );

/** Every accepted message is in one place, and every loss has a cause. @param foreign dead letters that are not of the publishers */
function expectAllAccounted(measurement: Measurement, foreign: number): void {
  const { made, accepted, refused, unconfirmed, buffered, foreignDead, lost, causes } = measurement;
  const { audiences, received, waiting, inFlight, dead } = measurement;
  expect(accepted + refused + unconfirmed + buffered).toBe(made);
  expect(received + waiting + inFlight + dead + lost).toBe(accepted * audiences);
  expect(foreignDead).toBe(foreign);
  expect(causes.reduce((sum, { messages }) => sum + messages, 0)).toBe(Math.max(0, lost));
}

describe('npm run compare', () => {
  test('keeps every promise, accounts for every message, and touches no other keys', async () => {
    await own.redis.set('mine', 'precious');
    const options = '--experiments nobody-listens,subscriber-crashes,2-subscribers,poison --messages 300 --seed 3';
    const refused = new Command(`${options} --redis redis://127.0.0.1:${own.server.port}`);
    expect(await refused.exited).toBe(2);
    expect(refused.stderr).toMatch(/your Redis holds 1 other keys.*--force/);

    const command = new Command(`${options} --redis redis://127.0.0.1:${own.server.port} --force`);
    expect([await command.exited, command.stdout]).toEqual([0, expect.stringMatching(/0 broken.*seed 3/)]);
    const results = await resultsOf();
    expect(results).toMatchObject({ version: 2, seed: 3, interrupted: false, machine: { node: process.version } });
    expect(measurements(results)).toHaveLength(5 * patterns.length);
    for (const [name, pattern, measurement] of measurements(results)) {
      const isWhole = measurement.lost === 0;
      expect(isWhole ? ['kept', 'not applicable'] : ['loss outside the promise']).toContain(measurement.verdict);
      expect(measurement).toMatchObject({ made: 300, accepted: 300 });
      const keeps = patterns.find((each) => each.name === pattern)?.guarantees.keepsUnread;
      expectAllAccounted(measurement, name === 'poison' && keeps ? 5 : 0);
    }
    expect(await own.redis.keys('*')).toEqual(['mine']);
    expect(command.stdout).toMatch(/nobody-listens +received 0 of +received 0 of +received 300/);
    expect(command.stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(command.stdout).toContain('nobody-listens, pubsub: 300 nobody was listening');
    expect(await readFile(join(out, 'summary.md'), 'utf8')).toContain('`npm run compare -- --seed 3 --');
  });

  test('a pattern that acknowledges before it handles is found to break its promise', async () => {
    const names = patterns.filter(({ guarantees }) => guarantees.survivesCrash).map(({ name }) => name);
    const words = `--experiments subscriber-crashes --patterns ${names} --messages 500 --seed 1`;
    const options = readOptions(words.split(' ')) as Options;
    const { signal } = new AbortController();
    const server = await findServer(console.error);
    await using redis = await OwnRedis.start(server, [], signal);
    process.env.NODE_OPTIONS = `--import=${new URL('../support/ack-first.mjs', import.meta.url).href}`;
    const experiment = options.experiments[0] as Experiment;
    const { patterns: measured } = await runExperiment({ options, redis, server, prefix: 'x', signal }, experiment);
    delete process.env.NODE_OPTIONS;
    expect(Object.keys(measured)).toEqual(names);
    for (const { verdict, lost, claims } of Object.values(measured)) {
      expect(verdict).toBe('broken');
      expect(lost).toBeGreaterThan(0);
      expect(claims).toContainEqual({ text: 'messages in flight are redelivered', promised: true, holds: false });
    }
  });

  test('two runs with one seed inject the same faults', async () => {
    const faults = await Promise.all(
      [9, 9, 10].map(async (seed, index) => {
        const folder = join(out, String(index));
        const options = `--experiments subscriber-stops,poison --patterns queue --messages 200 --seed ${seed}`;
        const command = new Command(options, folder);
        expect([await command.exited, command.stdout + command.stderr]).toEqual([0, expect.anything()]);
        const { experiments } = await resultsOf(folder);
        return experiments.flatMap((experiment) => experiment.faults.map(({ what }) => what));
      }),
    );
    expect(faults[0]).toEqual(faults[1]);
    expect(faults[0]).not.toEqual(faults[2]);
    expect(faults[0]?.length).toBeGreaterThan(3);
  });

  test('Ctrl-C ends it and what it started, and writes the results so far', async () => {
    const command = new Command('--experiments nobody-listens,black-hole --patterns queue --messages 200');
    await until('the second experiment', () => command.stderr.includes('[ 2/2]'), 60_000);
    const others = own.server.pid; // must go on running
    command.process.kill('SIGINT');
    expect(await command.exited).toBe(130);
    const results = await resultsOf();
    expect(results.interrupted).toBe(true);
    expect(results.experiments.map(({ name }) => name)).toEqual(['nobody-listens']);
    expect(process.kill(others, 0)).toBe(true);
  });

  test('Ctrl-C does not wait for messages that are still to be published', async () => {
    const command = new Command('--experiments latency --patterns queue --messages 60000 --rate 1000');
    await until('the experiment', () => command.stderr.includes('[ 1/1]'), 60_000);
    await sleep(1000);
    command.process.kill('SIGINT');
    expect(await command.exited).toBe(130);
    expect(await resultsOf()).toMatchObject({ interrupted: true, experiments: [] });
  }, 30_000);

  test('messages that a slow Pub/Sub subscriber drops have that cause, and break no promise', async () => {
    const command = new Command('--experiments 2-subscribers --patterns pubsub,queue --messages 20000 --rate 10000');
    expect([await command.exited, command.stdout + command.stderr]).toEqual([0, expect.anything()]);
    const { patterns } = (await resultsOf()).experiments[0] as ExperimentResult;
    const { verdict, lost, causes } = patterns.pubsub as Measurement;
    expect(lost).toBeGreaterThan(0);
    expect([verdict, causes]).toEqual(['loss outside the promise', [{ cause: TOO_FAST, messages: lost }]]);
    expect(patterns.queue).toMatchObject({ verdict: 'kept', lost: 0 });
  });

  test('fan-out leaves out sizes that Redis does not allow, and judges every round', async () => {
    await using small = {
      ...(await startRedis({ settings: ['maxclients 60'] })),
      [Symbol.asyncDispose]: () => small.stop(),
    };
    const options = `--experiments fan-out --patterns pubsub,queue --redis redis://127.0.0.1:${small.port}`;
    const command = new Command(options);
    expect([await command.exited, command.stdout + command.stderr]).toEqual([0, expect.anything()]);
    const { patterns } = (await resultsOf()).experiments[0] as ExperimentResult;
    const sizes = Object.keys(patterns.pubsub?.figures ?? {}).filter((name) => name.endsWith(': deliveries/s'));
    expect(sizes).toEqual(['1 subscriber: deliveries/s', '10 subscribers: deliveries/s']);
    expect(patterns.queue).toMatchObject({ verdict: 'not applicable', lost: 0, duplicated: 0 });
  });

  test('a folder that is not writable is an error before anything runs', async () => {
    const file = join(out, 'a-file');
    await writeFile(file, '');
    const command = new Command('--experiments nobody-listens', file);
    expect(await command.exited).toBe(2);
    expect(command.stderr).toMatch(/^compare: --out .*a-file: expected a folder that can be written to/);
    expect(command.stdout).toBe('');
  });

  test('wrong options are all named, and nothing starts', async () => {
    const command = new Command('--patterns fax --rate 0');
    const nowhere = new Command('--redis redis://127.0.0.1:1');
    expect(await command.exited).toBe(2);
    expect(command.stderr).toMatch(/compare: --patterns fax: expected one of .*\ncompare: --rate 0: expected/);
    expect(await nowhere.exited).toBe(2);
    expect(nowhere.stderr).toMatch(/your Redis cannot be used \(no connection within 5 s\)/);
  });
});
