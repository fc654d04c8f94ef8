import { describe, expect, test } from '@jest/globals';
import { experimentsFor } from '../../compare/experiments/index.ts';
import type { Results } from '../../compare/measure/result.ts';
import { HELP, readOptions } from '../../compare/options/options.ts';
import { repeatCommand } from '../../compare/options/repeat.ts';
import type { Options } from '../../compare/runner/options.ts';
import { OptionsError } from '../../local/process/command.ts';

const names = (subjects: readonly { readonly name: string }[]) => subjects.map(({ name }) => name);

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
    const { patterns, experiments, seed, ...rest } = readOptions([]) as Options;
    expect(patterns).toHaveLength(5);
    expect(names(experiments)).toEqual(names(experimentsFor([2, 5])));
    expect(rest).toEqual({
      messages: 1000,
      rate: 600,
      size: 0,
      subscribers: [2, 5],
      repeat: 1,
      full: false,
      peers: false,
      redis: undefined,
      force: false,
      out: 'report',
      baseline: undefined,
    });
    const seeds = [seed, ...Array.from({ length: 20 }, () => readOptions([])?.seed as number)];
    expect(new Set(seeds).size).toBeGreaterThan(15);
    expect(seeds.filter((each) => !(Number.isInteger(each) && each >= 0 && each < 1_000_000))).toEqual([]);
    expect(seeds.filter((each) => each > 1).length).toBeGreaterThan(15);
  });

  test('--full takes more messages, faster, as far as nothing else is given', () => {
    expect(readOptions(['--full'])).toMatchObject({ full: true, messages: 5000, rate: 1000, size: 0 });
    expect(readOptions(['--full'])?.subscribers).toEqual([2, 5]);
    expect(readOptions(['--full', '--rate', '50'])).toMatchObject({ messages: 5000, rate: 50 });
  });

  test('all can be given', () => {
    const line =
      '--messages 200 --rate 100 --size 300 --seed 5 --repeat 3 --subscribers 3 --peers --force --out there --baseline old.json --redis redis://host';
    expect(readOptions(line.split(' '))).toMatchObject({
      messages: 200,
      rate: 100,
      size: 300,
      seed: 5,
      repeat: 3,
      subscribers: [3],
      peers: true,
      force: true,
      out: 'there',
      baseline: 'old.json',
      redis: { REDIS_URL: 'redis://host' },
    });
  });

  test.each([
    ['messages', 100, 1_000_000],
    ['rate', 10, 100_000],
    ['size', 0, 10_000_000],
    ['seed', 0, Number.MAX_SAFE_INTEGER],
    ['repeat', 1, 100],
  ] as const)('--%s is a whole number from %d to %d', (name, least, most) => {
    for (const value of [least, most]) expect(readOptions([`--${name}`, `${value}`])).toMatchObject({ [name]: value });
    for (const text of [`${least - 1}`, `${most + 1}`, `${least}.5`, '1e2', 'x200', '200x', ' 200', ''])
      expect(mistakesOf(`--${name}=${text}`)).toEqual([
        `--${name} ${text}: expected a whole number from ${least} to ${most}`,
      ]);
  });

  test('--subscribers takes whole numbers from 2 to 50', () => {
    expect(readOptions(['--subscribers', '2, 50,7'])?.subscribers).toEqual([2, 50, 7]);
    for (const list of ['1', '51', '2,1', '2,', ',', '2;3', 'x2', '2x', '2.5', ''])
      expect(mistakesOf(`--subscribers=${list}`)).toEqual([
        `--subscribers ${list}: expected whole numbers from 2 to 50 with commas between`,
      ]);
  });

  test('--redis takes URLs of TCP, TLS and sockets', () => {
    for (const url of ['redis://host', 'rediss://host', 'unix:///run/redis.sock'])
      expect(readOptions(['--redis', url])?.redis).toEqual({ REDIS_URL: url });
    for (const url of ['somewhere', 'http://host', 'redissss://host', 'redis://', 'xredis://host', ''])
      expect(mistakesOf(`--redis=${url}`)).toEqual(['--redis: expected a URL such as redis://user@host:6379']);
  });

  test('a Redis of the user comes from the environment, too; a password only from there', () => {
    const environment = { REDIS_HOST: 'h', REDIS_PASSWORD_FILE: './password', PATTERN: 'queue' };
    expect(readOptions([], environment)?.redis).toEqual({ REDIS_HOST: 'h', REDIS_PASSWORD_FILE: './password' });
    expect(readOptions([], { REDIS_PORT: '6379', REDIS_PASSWORD: 'x' })?.redis).toBeUndefined();
    const given = ['--redis', 'redis://user@host'];
    expect(readOptions(given, environment)?.redis).toMatchObject({ REDIS_URL: 'redis://user@host', REDIS_HOST: 'h' });
    for (const word of ['--redis=redis://user:hunter2@host', '--redis=unix://:hunter2@/run/redis.sock'])
      expect(mistakesOf(word)).toEqual([
        expect.stringMatching(/^--redis: the URL has a password.*expected REDIS_URL=…/),
      ]);
    expect(mistakesOf('redis://user:hunter2@host').join()).not.toContain('hunter2');
  });

  test('choose patterns, experiments by the beginning of their names, and sizes', () => {
    const options = readOptions(
      '--patterns queue,stream --experiments redis-killed,poison --messages 200 --rate 100 --seed 5 --subscribers 3'.split(
        ' ',
      ),
    );
    expect(options?.patterns.map(({ name }) => name)).toEqual(['queue', 'stream']);
    expect(names(options?.experiments ?? [])).toEqual([
      'redis-killed-always',
      'redis-killed-everysec',
      'redis-killed-none',
      'poison',
    ]);
    expect(options).toMatchObject({ messages: 200, rate: 100, seed: 5, repeat: 1 });
    expect(names(readOptions(['--subscribers', '3'])?.experiments ?? [])).toContain('3-subscribers');
  });

  test('an experiment may be named in full or by whole words of its beginning, in any order', () => {
    const chosen = (list: string) => names(readOptions(['--experiments', list])?.experiments ?? []);
    expect(chosen('throughput')).toEqual(['throughput']);
    expect(chosen('poison, latency')).toEqual(['latency', 'poison']);
    expect(chosen('subscriber-crashes')).toEqual(['subscriber-crashes', 'subscriber-crashes-once']);
    expect(chosen('subscriber-crashes-once')).toEqual(['subscriber-crashes-once']);
    expect(chosen('sentinel,poison')).toEqual(['poison', 'sentinel-primary-dies', 'sentinel-primary-dies-wait']);
    expect(chosen('all').filter((name) => /^(cluster|sentinel)-/.test(name))).toEqual([]); // they take too long
    expect(mistakesOf('--experiments', 'redis-kill,poison,crashes')).toEqual([
      expect.stringMatching(/^--experiments redis-kill,crashes: expected some of latency, throughput, /),
    ]);
  });

  test('a report names the command that measures the same again', () => {
    const given = ['--seed', '5', '--messages', '200', '--patterns', 'queue,stream', '--peers'];
    const { patterns, experiments, ...rest } = readOptions(given) as Options;
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
      '--patterns queue,fax: expected one of pubsub, sharded-pubsub, queue, reliable-queue, stream, both, all, or several with commas between',
      expect.stringMatching(/^--experiments nonsense: expected some of latency, /),
      expect.stringMatching(/^--messages 0: expected a whole number from 100 to /),
      expect.stringMatching(/^--rate x: expected a whole number from 10 to /),
    ]);
    expect(mistakesOf('--mesages', '5')).toEqual([
      "unknown option '--mesages': did you mean --messages? (npm run compare -- --help shows all options)",
    ]);
    expect(mistakesOf('--zzz')).toEqual(["unknown option '--zzz' (npm run compare -- --help shows all options)"]);
    expect(mistakesOf('queue')).toEqual([expect.stringContaining('npm run compare -- --help')]);
  });

  test('--help says what they are, whatever else is given', () => {
    expect(readOptions(['--help', '--rate', 'x'])).toBeUndefined();
    const known = ['patterns', 'experiments', 'messages', 'rate', 'size', 'subscribers', 'seed', 'repeat', 'full'];
    for (const name of [...known, 'redis', 'force', 'out', 'baseline', 'peers'])
      expect(HELP).toMatch(new RegExp(`^  --${name} `, 'm'));
    expect(HELP).toContain(' pubsub, sharded-pubsub, queue, ');
  });
});
