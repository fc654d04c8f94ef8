import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Advice, Candidate, Speed } from '../../compare/advice/advice.ts';
import { advise } from '../../compare/advice/advisor.ts';
import { type Need, type Needs, readNeeds } from '../../compare/advice/needs.ts';
import { contradicts, experimentsOf, shownBy, stepsFor, toRepeat } from '../../compare/advice/proof.ts';
import type { Results } from '../../compare/measure/result.ts';

const needsOf = (line: string) => readNeeds(line.split(' ').filter(Boolean))?.needs as Needs;

/** The advice for what stands on a command line. */
const advice = (line: string, candidates: readonly Candidate[] = patterns) => advise(needsOf(line), candidates);
const names = (judged: Advice['fitting']) => judged.map(({ name }) => name);

/** The needs that a pattern does not meet. */
function unmet({ fitting, others }: Advice, name: string): Need[] {
  const judged = [...fitting, ...others].find((each) => each.name === name);
  return judged?.findings.filter(({ met }) => met === false).map(({ need }) => need) ?? [];
}

const provisos = ({ fitting: [best] }: Advice) => best?.findings.flatMap(({ provided }) => provided ?? []).join('\n');

describe('advice from the guarantees', () => {
  test.each([
    ['', ['reliable-queue', 'stream']],
    ['--loss any', ['pubsub', 'sharded-pubsub', 'queue', 'reliable-queue', 'stream']],
    ['--loss crash-ok', ['queue', 'reliable-queue', 'stream']],
    ['--loss crash-ok --duplicates none', ['queue', 'reliable-queue', 'stream']],
    ['--loss none --duplicates none', ['reliable-queue', 'stream']],
    ['--loss none --fanout 3', ['stream']],
    ['--loss any --fanout 3', ['pubsub', 'sharded-pubsub', 'stream']],
    ['--loss any --fanout 3 --workers 2', ['stream']],
    ['--loss any --workers 2', ['queue', 'reliable-queue', 'stream']],
    ['--loss any --late yes', ['stream']],
    ['--loss crash-ok --order yes', ['queue', 'reliable-queue', 'stream']],
    ['--loss any --order yes --workers 2', []],
  ])('%s', (line, expected) => {
    const found = advice(line);
    expect(names(found.fitting)).toEqual(expected);
    expect(names([...found.fitting, ...found.others]).sort()).toEqual(patterns.map(({ name }) => name).sort());
  });

  test.each([
    ['--loss none', 'pubsub', 'loss', 'nobody listens are lost; messages in flight are lost when a subscriber crashes'],
    ['--loss crash-ok', 'pubsub', 'loss', 'messages published while nobody listens are lost'],
    ['--loss none', 'queue', 'loss', 'messages in flight are lost when a subscriber crashes'],
    [
      '--fanout 3',
      'queue',
      'fanout',
      'it would take 3 topics, and the publisher would send each message 3 times, which is not atomic',
    ],
    ['--workers 4', 'pubsub', 'workers', '4 workers would all do the same work'],
    ['--late yes', 'queue', 'late', 'a handled message is gone for all others'],
    ['--late yes', 'pubsub', 'late', 'nothing is kept for late subscribers'],
    ['--order yes --workers 2', 'stream', 'order', 'overtake each other'],
  ] as const)('%s: why not %s', (line, name, need, why) => {
    const judged = advice(line).others.find((each) => each.name === name);
    const finding = judged?.findings.find((each) => each.need === need);
    expect(finding?.met).toBe(false);
    expect(finding?.why).toContain(why);
  });

  test('says what one must see to', () => {
    expect(provisos(advice('--loss none'))).toContain('appendfsync always');
    expect(provisos(advice('--loss none --duplicates none'))).toContain('DEDUPE_TTL');
    expect(provisos(advice('--loss crash-ok --duplicates none'))).toBe(''); // at most once needs nothing
    expect(provisos(advice('--fanout 2'))).toContain('a GROUP of its own');
  });

  test('names the need that is in the way, and who would fit without it', () => {
    const { inTheWay } = advice('--late yes --order yes --workers 2');
    expect(inTheWay).toEqual([{ needs: ['order'], names: ['stream'] }]);
    const several = advice('--loss any --order yes --workers 2').inTheWay;
    expect(several).toEqual([{ needs: ['order'], names: ['queue', 'reliable-queue', 'stream'] }]);
    for (const line of ['--loss any', '--fanout 3']) expect(advice(line).inTheWay).toEqual([]); // some fit
  });
});

/** Everything that a pattern can be; of what must be read together, all combinations. */
const allGuarantees: Guarantees[] = (['at-most-once', 'at-least-once'] as const).flatMap((delivery) =>
  (['every-subscriber', 'one-subscriber'] as const).flatMap((audience) =>
    Array.from({ length: 32 }, (_, bits) => ({
      delivery,
      audience,
      groups: (bits & 1) > 0,
      keepsUnread: (bits & 2) > 0,
      replays: (bits & 4) > 0,
      survivesCrash: (bits & 8) > 0,
      ordered: (bits & 16) > 0,
    })),
  ),
);

describe('advice for patterns that there are not', () => {
  const all = allGuarantees.map((guarantees, index) => ({ name: `invented-${index}`, guarantees }));

  test.each<[string, (guarantees: Guarantees) => boolean]>([
    ['--loss none', (g) => g.keepsUnread && g.survivesCrash && g.delivery === 'at-least-once'],
    ['--loss crash-ok', (g) => g.keepsUnread],
    ['--loss any --duplicates none', () => true],
    ['--loss any --fanout 2', (g) => g.groups || g.audience === 'every-subscriber'],
    ['--loss any --workers 2', (g) => g.groups || g.audience === 'one-subscriber'],
    ['--loss any --fanout 2 --workers 2', (g) => g.groups],
    ['--loss any --late yes', (g) => g.replays],
    ['--loss any --order yes', (g) => g.ordered],
  ])(
    '%s: exactly those that promise it fit, and the first promises nothing that all the others do without',
    (line, promises) => {
      const { fitting } = advice(line, all);
      expect(names(fitting).sort()).toEqual(
        all
          .filter(({ guarantees }) => promises(guarantees))
          .map(({ name }) => name)
          .sort(),
      );
      const fewest = Math.min(...fitting.map(({ beyond }) => beyond.length));
      expect(fitting[0]?.beyond).toHaveLength(fewest);
    },
  );

  test('a sixth pattern that does just what is needed is preferred to those that do more', () => {
    const sixth = { delivery: 'at-most-once', audience: 'one-subscriber', groups: true, keepsUnread: false } as const;
    const guarantees = { ...sixth, replays: false, survivesCrash: false, ordered: true };
    const found = advice('--loss any --fanout 2 --workers 2', [...patterns, { name: 'sixth', guarantees }]);
    expect(names(found.fitting)).toEqual(['sixth', 'stream']);
    expect(found.fitting[0]?.beyond).toEqual([]);
    expect(found.fitting[1]?.beyond).toEqual([
      'keeps unread messages',
      'redelivers messages in flight at a crash',
      'keeps a history',
    ]);
    expect(unmet(found, 'pubsub')).toEqual(['workers']);
    expect(unmet(found, 'queue')).toEqual(['fanout']);
  });

  test('a name means nothing', () => {
    const renamed = patterns.map(({ guarantees }, index) => ({ name: `x${index}`, guarantees }));
    expect(names(advice('--fanout 3', renamed).fitting)).toEqual([
      `x${patterns.findIndex((p) => p.name === 'stream')}`,
    ]);
  });
});

describe('figures', () => {
  const withSpeed = (speed?: Partial<Speed>) =>
    patterns.map(({ name, guarantees }) => ({
      name,
      guarantees,
      speed: speed && { p99: undefined, pace: undefined, throughput: undefined, ...speed },
    }));
  const met = (line: string, need: Need, speed?: Partial<Speed>) =>
    [...advice(line, withSpeed(speed)).fitting, ...advice(line, withSpeed(speed)).others][0]?.findings.find(
      (finding) => finding.need === need,
    )?.met;

  test.each<[string, Need, Partial<Speed> | undefined, boolean | undefined]>([
    ['--p99 20', 'p99', undefined, undefined],
    ['--p99 20', 'p99', { p99: 20, pace: 500 }, true],
    ['--p99 20', 'p99', { p99: 20.1, pace: 500 }, false],
    ['--p99 20 --rate 500', 'p99', { p99: 3, pace: 500 }, true],
    ['--p99 20 --rate 501', 'p99', { p99: 3, pace: 500 }, undefined], // at a higher rate it may be worse
    ['--p99 20 --rate 501', 'p99', { p99: 30, pace: 500 }, false], // and not better
    ['--p99 20 --rate 499', 'p99', { p99: 30, pace: 500 }, undefined], // at a lower one it may be better
    ['--rate 5000', 'rate', { p99: 3, pace: 500 }, undefined],
    ['--rate 5000', 'rate', { throughput: 5000 }, true],
    ['--rate 5000', 'rate', { throughput: 4999 }, false],
  ])('%s: %s with %j is %s', (line, need, speed, expected) => {
    expect(met(`--loss any ${line}`, need, speed)).toBe(expected);
  });

  test('what was measured comes before what was not, and who is too slow does not fit', () => {
    const some = patterns.map(({ name, guarantees }) => {
      const speed = { p99: undefined, pace: undefined, throughput: name === 'pubsub' ? 10 : 9999 };
      return { name, guarantees, speed: name === 'sharded-pubsub' ? undefined : speed };
    });
    const found = advice('--loss any --rate 5000', some);
    expect(names(found.fitting)).toEqual(['queue', 'reliable-queue', 'stream', 'sharded-pubsub']);
    expect(unmet(found, 'pubsub')).toEqual(['rate']);
  });
});

describe('proof', () => {
  test.each([
    ['--loss any', []],
    ['', ['nobody-listens', 'subscriber-crashes', 'redis-killed-always']],
    ['--loss crash-ok', ['nobody-listens', 'subscriber-stops']],
    ['--loss any --duplicates none', ['subscriber-crashes-once']],
    ['--loss any --fanout 3 --workers 2', ['3x2-consumers']],
    ['--loss any --fanout 1000', ['5x1-consumers']],
    ['--loss any --late yes', ['late-group']],
    ['--loss any --order yes --p99 20 --rate 5000', ['latency', 'throughput']],
  ])('%s: runs the experiments that concern it, and no others', (line, expected) => {
    expect(experimentsOf(stepsFor(needsOf(line))).map(({ name }) => name)).toEqual(expected);
  });

  test('contradicts the advice if what should be met is not, and if what cannot be met by chance is', () => {
    const line = '--loss crash-ok --fanout 2';
    const steps = stepsFor(needsOf(line));
    const seen = (lost: Record<string, number>, have: Record<string, boolean>) => {
      const measured = (name: string) => ({ lost: lost[name] ?? 0, claims: [{ holds: have[name] ?? false }] });
      const all = Object.fromEntries(patterns.map(({ name }) => [name, measured(name)]));
      const experiments = steps.map(({ experiment: { name } }) => ({ name, patterns: all }));
      const shown = shownBy({ experiments } as unknown as Results, advice(line), steps);
      return shown.filter(contradicts).map(({ pattern, step }) => `${pattern}: ${step.experiment.name}`);
    };
    const copies = { pubsub: true, 'sharded-pubsub': true, stream: true };
    expect(seen({ pubsub: 7 }, copies)).toEqual([]);
    expect(seen({}, copies)).toEqual([]); // nothing was lost, by chance
    expect(seen({ stream: 1 }, copies)).toEqual(['stream: nobody-listens', 'stream: subscriber-stops']);
    expect(seen({}, { ...copies, stream: false })).toEqual(['stream: 2x1-consumers']);
    expect(seen({}, { ...copies, queue: true })).toEqual(['queue: 2x1-consumers']);
    const nothing = shownBy({ experiments: [] } as unknown as Results, advice(line), steps);
    expect(nothing.every(contradicts)).toBe(true);
  });

  test('of a figure that was not measured before has no expectation, and is repeated if it misses the need', () => {
    const line = '--loss crash-ok --p99 20';
    const [steps, given] = [stepsFor(needsOf(line)), advice(line)];
    const seen = (p99s: Record<string, number>, lost: Record<string, number> = {}) => {
      const measured = (name: string) => ({ lost: lost[name] ?? 0, claims: [], latencyMs: { p99: p99s[name] ?? 1 } });
      const all = Object.fromEntries(patterns.map(({ name }) => [name, measured(name)]));
      const experiments = steps.map(({ experiment: { name } }) => ({ name, patterns: all }));
      const shown = shownBy({ experiments } as unknown as Results, given, steps);
      return [shown.filter(contradicts).map(({ pattern }) => pattern), toRepeat(shown, given).map(({ name }) => name)];
    };
    expect(seen({})).toEqual([[], []]);
    expect(seen({ queue: 21 })).toEqual([[], ['latency']]);
    expect(seen({ pubsub: 21 })).toEqual([[], []]); // it does not fit in any case
    expect(seen({}, { stream: 1 })).toEqual([['stream', 'stream'], []]); // a loss is no noise
  });

  test('measures the latency at the rate that is needed', () => {
    const [latency] = experimentsOf(stepsFor(needsOf('--loss any --p99 20 --rate 5000')));
    expect(latency?.load).toEqual({ rate: 5000, messages: 10_000 });
  });
});
