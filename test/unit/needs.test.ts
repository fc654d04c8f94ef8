import { describe, expect, test } from '@jest/globals';
import { type AdviseOptions, DEFAULT_RESULTS, HELP, type Needs, readNeeds } from '../../compare/advice/needs.ts';
import { OptionsError } from '../../local/process/command.ts';

const needsOf = (line: string) => readNeeds(line.split(' ').filter(Boolean))?.needs as Needs;

const mistakesOf = (...args: string[]) => {
  try {
    readNeeds(args);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError);
    return (error as Error).message.split('\n');
  }
  return [];
};

describe('the options of advise', () => {
  test('have defaults that promise the most: nothing may be lost', () => {
    expect(needsOf('')).toEqual({
      loss: 'none',
      duplicates: 'ok',
      fanout: 1,
      workers: 1,
      late: 'no',
      order: 'no',
      p99: undefined,
      rate: undefined,
    });
    const { needs: _, ...rest } = readNeeds([]) as AdviseOptions;
    expect(rest).toEqual({ results: undefined, prove: false, seed: undefined, out: 'report/proof' });
    expect(DEFAULT_RESULTS).toBe('report/results.json');
  });

  test('all can be given', () => {
    const line =
      '--loss any --duplicates none --fanout 2 --workers 3 --late yes --order yes --p99 0.5 --rate 7 --results r.json --prove --seed 5 --out there';
    expect(readNeeds(line.split(' '))).toEqual({
      needs: { loss: 'any', duplicates: 'none', fanout: 2, workers: 3, late: 'yes', order: 'yes', p99: 0.5, rate: 7 },
      results: 'r.json',
      prove: true,
      seed: '5',
      out: 'there',
    });
  });

  test.each([
    ['loss', ['none', 'crash-ok', 'any'], 'none, crash-ok or any'],
    ['duplicates', ['none', 'ok'], 'none or ok'],
    ['late', ['yes', 'no'], 'yes or no'],
    ['order', ['yes', 'no'], 'yes or no'],
  ] as const)('--%s is one of %j, in letters of any size', (name, words, shown) => {
    for (const word of words) expect(needsOf(`--${name} ${word.toUpperCase()}`)[name]).toBe(word);
    expect(mistakesOf(`--${name}`, 'perhaps')).toEqual([`--${name} perhaps: expected ${shown}`]);
  });

  test.each([
    ['fanout', 1, 1000],
    ['workers', 1, 1000],
    ['rate', 1, 10_000_000],
    ['seed', 0, Number.MAX_SAFE_INTEGER],
  ] as const)('--%s is a whole number from %d to %d', (name, least, most) => {
    for (const value of [least, most]) expect(mistakesOf(`--${name}`, `${value}`)).toEqual([]);
    for (const text of [`${least - 1}`, `${most + 1}`, '1.5', '1e2', 'x2', '2x', ''])
      expect(mistakesOf(`--${name}=${text}`)).toEqual([
        `--${name} ${text}: expected a whole number from ${least} to ${most}`,
      ]);
  });

  test('--p99 is any number above 0, up to a day', () => {
    for (const [text, ms] of [
      ['0.5', 0.5],
      ['.25', 0.25],
      ['20', 20],
      ['12.75', 12.75],
      ['86400000', 86_400_000],
    ] as const)
      expect(needsOf(`--p99 ${text}`).p99).toBe(ms);
    for (const text of ['0', '0.0', '-1', '86400000.5', '1.', '.', '1e3', 'x5', '5x', ''])
      expect(mistakesOf(`--p99=${text}`)).toEqual([`--p99 ${text}: expected ms, a number above 0`]);
  });

  test('--help says what they are, whatever else is given', () => {
    expect(readNeeds(['--help', '--rate', 'x'])).toBeUndefined();
    const known = ['loss', 'duplicates', 'fanout', 'workers', 'late', 'order', 'p99', 'rate'];
    for (const name of [...known, 'results', 'prove', 'seed', 'out'])
      expect(HELP).toMatch(new RegExp(`^  --${name} `, 'm'));
  });

  test('every mistake is named at once', () => {
    const line =
      '--loss never --duplicates x --fanout 0 --workers 1.5 --late perhaps --order 1 --p99 0 --rate -1 --seed a';
    expect(mistakesOf(...line.replace('--rate -1', '--rate=-1').split(' ')).map((text) => text.split(' ')[0])).toEqual([
      '--loss',
      '--duplicates',
      '--fanout',
      '--workers',
      '--late',
      '--order',
      '--p99',
      '--rate',
      '--seed',
    ]);
    for (const nonsense of ['--nonsense', 'stream'])
      expect(mistakesOf(nonsense)).toEqual([expect.stringMatching(/\(npm run advise -- --help shows all options\)$/)]);
  });
});
