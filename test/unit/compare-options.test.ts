import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Results } from '../../compare/measure/result.ts';
import { readOptions } from '../../compare/options/options.ts';
import { repeatCommand } from '../../compare/options/repeat.ts';
import type { Options } from '../../compare/runner/options.ts';
import { againstBaseline, readBaseline } from '../../compare/verdict/baseline.ts';
import { OptionsError } from '../../local/process/command.ts';

const mistakesOf = (...args: string[]) => {
  try {
    readOptions(args);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError);
    return (error as Error).message.split('\n');
  }
  return [];
};

describe('options of compare', () => {
  test('by default: everything, on a private Redis, with a new seed', () => {
    const [one, two] = [readOptions([]), readOptions([])];
    expect(one?.patterns).toHaveLength(5);
    expect(one?.experiments.length).toBeGreaterThanOrEqual(12);
    expect(one?.redis).toBeUndefined();
    expect(one?.seed).not.toBe(two?.seed);
  });

  test('choose patterns, experiments by the beginning of their names, and sizes', () => {
    const options = readOptions(
      '--patterns queue,stream --experiments redis-killed,poison --messages 200 --rate 100 --seed 5 --subscribers 3'.split(
        ' ',
      ),
    );
    expect(options?.patterns.map(({ name }) => name)).toEqual(['queue', 'stream']);
    expect(options?.experiments.map(({ name }) => name)).toEqual([
      'redis-killed-always',
      'redis-killed-everysec',
      'redis-killed-none',
      'poison',
    ]);
    expect(options).toMatchObject({ messages: 200, rate: 100, seed: 5, repeat: 1 });
    expect(readOptions(['--subscribers', '3'])?.experiments.map(({ name }) => name)).toContain('3-subscribers');
  });

  test('a report names the command that measures the same again', () => {
    const given = ['--seed', '5', '--messages', '200', '--patterns', 'queue,stream', '--peers'];
    const { patterns, experiments, ...rest } = readOptions(given) as Options;
    const names = (subjects: readonly { readonly name: string }[]) => subjects.map(({ name }) => name);
    const told = {
      ...rest,
      patterns: names(patterns),
      experiments: names(experiments),
      peers: ['bullmq 6.7.0'],
      redis: 'private',
    };
    const command = repeatCommand({ seed: 5, options: told } as unknown as Results);
    const plain = (args: readonly string[]) => JSON.parse(JSON.stringify(readOptions(args)));
    expect(plain(command.split(' ').slice(4))).toEqual(plain(given));
  });

  test('every mistake is named, with what was expected', () => {
    expect(mistakesOf('--patterns', 'queue,fax', '--experiments', 'nonsense', '--messages', '0', '--rate=x')).toEqual([
      expect.stringMatching(/^--patterns queue,fax: expected one of pubsub, /),
      expect.stringMatching(/^--experiments nonsense: expected some of latency, /),
      expect.stringMatching(/^--messages 0: expected a whole number from 100 to /),
      expect.stringMatching(/^--rate x: expected a whole number from 10 to /),
    ]);
    expect(mistakesOf('--mesages', '5')).toEqual([expect.stringContaining("'--mesages'")]);
    expect(mistakesOf('--redis', 'somewhere')).toEqual([expect.stringContaining('expected a URL')]);
    expect(mistakesOf('--subscribers', '2,1')).toEqual([expect.stringContaining('--subscribers 2,1')]);
    expect(readOptions(['--help'])).toBeUndefined();
  });
});

const resultsWith = (throughput: number, p99: number, verdict: string, runs?: unknown): Results =>
  ({
    version: 1,
    experiments: [
      {
        name: 'throughput',
        patterns: { queue: { verdict, throughput, latencyMs: { p99 }, ...(runs ? { runs } : {}) } },
      },
    ],
  }) as unknown as Results;

describe('baseline', () => {
  test('what got worse beyond the noise is said, what got better is not', () => {
    const before = resultsWith(1000, 10, 'kept');
    expect(againstBaseline(resultsWith(900, 12, 'kept'), before)).toEqual([]);
    expect(againstBaseline(resultsWith(5000, 1, 'kept'), before)).toEqual([]);
    expect(againstBaseline(resultsWith(400, 30, 'broken'), before)).toEqual([
      'worse: throughput, queue: kept → broken',
      expect.stringMatching(/throughput 700–1,300 → 280–520/),
      expect.stringMatching(/latency p99 7 ms–13 ms → 21 ms–39 ms/),
    ]);
  });

  test('with several runs their own spread is the measure', () => {
    const steady = [990, 1000, 1010].map((throughput) => ({ throughput, p99: 10 }));
    const slower = [900, 910, 920].map((throughput) => ({ throughput, p99: 10 }));
    const lines = againstBaseline(resultsWith(910, 10, 'kept', slower), resultsWith(1000, 10, 'kept', steady));
    expect(lines).toEqual([expect.stringContaining('throughput 990–1,010 → 900–920')]);
  });

  test('a file that is no result is refused', () => {
    const path = join(tmpdir(), `baseline-${process.pid}.json`);
    writeFileSync(path, '{"version":2}');
    expect(() => readBaseline(path)).toThrow(/expected a results.json of an earlier run \(not results of version 1\)/);
    expect(() => readBaseline('/no/such/file')).toThrow(OptionsError);
  });
});
