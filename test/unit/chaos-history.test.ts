import { describe, expect, test } from '@jest/globals';
import { faults } from '../../chaos/faults/index.ts';
import { formatPlan, parsePlan, planned } from '../../chaos/history.ts';
import { readOptions } from '../../chaos/options.ts';

const MINUTE = 60_000;

describe('the history of a campaign', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planned(1, MINUTE, faults)).toEqual(planned(1, MINUTE, faults));
    expect(planned(1, MINUTE, faults)).not.toEqual(planned(2, MINUTE, faults));
  });

  test('has every fault sooner or later, each as long as it may be, and all are over in time', () => {
    const plan = planned(3, 60 * MINUTE, faults);
    expect(new Set(plan.map(({ fault }) => fault))).toEqual(new Set(faults.map(({ name }) => name)));
    for (const { at, ms, fault } of plan) {
      const [least, most] = faults.flatMap(({ name, lasts }) => (name === fault ? lasts : [])) as [number, number];
      expect(ms).toBeGreaterThanOrEqual(least);
      expect(ms).toBeLessThanOrEqual(most);
      expect(at + ms).toBeLessThanOrEqual(60 * MINUTE);
    }
  });

  test('has one fault of a kind at a time, several kinds at a time, and calms', () => {
    const plan = planned(4, 10 * MINUTE, faults);
    const overlaps = (fits: (a: string, b: string) => boolean) =>
      plan.some((a) => plan.some((b) => a !== b && fits(a.fault, b.fault) && a.at < b.at && b.at < a.at + a.ms));
    expect(overlaps((a, b) => a === b)).toBe(false);
    expect(overlaps((a, b) => a !== b)).toBe(true);
    const gaps = plan.slice(1).map(({ at }, index) => at - (plan[index]?.at as number));
    expect(gaps.filter((gap) => gap >= 2000).length).toBeGreaterThan(10);
  });

  test('can be written down and read again', () => {
    const plan = planned(5, MINUTE, faults);
    expect(parsePlan(`${formatPlan(plan)}\n\n`, faults)).toEqual(plan);
    for (const line of ['rain', '{"at":1,"ms":2,"fault":"rain","pick":3}', '{"at":-1,"ms":2,"fault":"kill","pick":3}'])
      expect(() => parsePlan(line, faults)).toThrow(`got ${line}`);
  });
});

describe('options of chaos', () => {
  test('by default a minute of all faults but those that delete data, with a new seed', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ ms: MINUTE, rate: 200, plan: undefined, redis: undefined, words: [] });
    expect(options?.patterns).toHaveLength(5);
    expect(options?.faults).toEqual(faults.filter(({ isExtra }) => !isExtra));
    expect(options?.seed).not.toBe(readOptions([])?.seed);
  });

  test('what is named', () => {
    const words = '--minutes 0.5 --seed 7 --patterns stream,queue --only flush,kill --rate 10 --redis /bin/sh';
    const options = readOptions(words.split(' '));
    expect(options).toMatchObject({ ms: MINUTE / 2, seed: 7, rate: 10, redis: '/bin/sh' });
    expect(options?.patterns.map(({ name }) => name)).toEqual(['queue', 'stream']);
    expect(options?.faults.map(({ name }) => name)).toEqual(['kill', 'flush']);
    expect(options?.words).toEqual(['--only flush,kill', '--rate 10', '--redis /bin/sh']);
  });

  test.each([
    ['--minutes 0', /--minutes 0: expected a number/],
    ['--seconds 20 --minutes 1', /expected one of them/],
    ['--redis /nowhere', /--redis \/nowhere: expected the path/],
    ['--seed 1.5', /--seed 1.5: expected/],
    ['--faults /nowhere', /--faults \/nowhere: ENOENT/],
    ['--fax', /--fax.*--help/],
  ])('%s is a mistake', (words, message) => {
    expect(() => readOptions(words.split(' '))).toThrow(message);
  });
});
