import { describe, expect, test } from '@jest/globals';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Speed } from '../../compare/advice/advice.ts';
import { advise } from '../../compare/advice/advisor.ts';
import { type Need, type Needs, readNeeds } from '../../compare/advice/needs.ts';

const nothing: Guarantees = {
  delivery: 'at-most-once',
  audience: 'one-subscriber',
  groups: false,
  keepsUnread: false,
  replays: false,
  survivesCrash: false,
  ordered: false,
};

/** The finding about one need and a pattern that promises only this: [whether it is met, why, what the user must do]. */
function finding(line: string, need: Need, guarantees: Partial<Guarantees>, speed?: Partial<Speed>) {
  const needs = readNeeds(line.split(' '))?.needs as Needs;
  const measured = speed && { p99: undefined, pace: undefined, throughput: undefined, ...speed };
  const advice = advise(needs, [{ name: 'x', guarantees: { ...nothing, ...guarantees }, speed: measured }]);
  const found = [...advice.fitting, ...advice.others][0]?.findings.find((each) => each.need === need);
  return found && [found.met, found.why, ...(found.provided === undefined ? [] : [found.provided])];
}

const leastOnce = { delivery: 'at-least-once' } as const;
const copies = { audience: 'every-subscriber' } as const;

const UNREAD = 'messages published while nobody listens are lost';
const IN_FLIGHT = 'messages in flight are lost when a subscriber crashes';
const ON_THE_WAY = 'messages lost on the way are not sent again';

describe('the finding about', () => {
  test.each<[string, Partial<Guarantees>, unknown]>([
    ['any', {}, undefined],
    ['crash-ok', {}, [false, UNREAD]],
    ['crash-ok', { survivesCrash: true }, [false, UNREAD]],
    ['crash-ok', { keepsUnread: true }, [true, 'unread messages wait in Redis']],
    ['none', {}, [false, `${UNREAD}; ${IN_FLIGHT}`]],
    ['none', leastOnce, [false, `${UNREAD}; ${IN_FLIGHT}`]],
    ['none', { keepsUnread: true }, [false, IN_FLIGHT]],
    ['none', { survivesCrash: true }, [false, `${UNREAD}; ${ON_THE_WAY}`]],
    ['none', { keepsUnread: true, survivesCrash: true }, [false, ON_THE_WAY]],
    [
      'none',
      { keepsUnread: true, survivesCrash: true, ...leastOnce },
      [
        true,
        'unread messages wait in Redis; messages in flight at a crash are redelivered',
        'Redis itself must keep its data: appendonly yes, appendfsync always',
      ],
    ],
  ])('--loss %s and %j', (loss, guarantees, expected) => {
    expect(finding(`--loss ${loss}`, 'loss', guarantees)).toEqual(expected);
  });

  test.each<[string, Partial<Guarantees>, unknown]>([
    ['ok', leastOnce, undefined],
    ['none', {}, [true, 'nothing is delivered twice']],
    [
      'none',
      leastOnce,
      [
        true,
        'messages are redelivered after a crash, but with DEDUPE_TTL each takes effect once',
        expect.stringMatching(/^set DEDUPE_TTL, longer than any redelivery/),
      ],
    ],
  ])('--duplicates %s and %j', (duplicates, guarantees, expected) => {
    expect(finding(`--duplicates ${duplicates}`, 'duplicates', guarantees)).toEqual(expected);
  });

  test.each<[string, Need, Partial<Guarantees>, unknown]>([
    ['--fanout 1', 'fanout', {}, undefined],
    ['--fanout 2', 'fanout', copies, [true, 'every subscriber gets a copy']],
    [
      '--fanout 2',
      'fanout',
      { groups: true },
      [true, 'each group gets every message', 'give each consumer group a GROUP of its own'],
    ],
    [
      '--fanout 2',
      'fanout',
      {},
      [false, expect.stringMatching(/ take 2 topics, .* each message 2 times, .*some topics miss/)],
    ],
    ['--workers 1', 'workers', copies, undefined],
    ['--workers 2', 'workers', {}, [true, 'each message goes to one of the subscribers']],
    ['--workers 2', 'workers', { groups: true, ...copies }, [true, 'the members of a group share its messages']],
    [
      '--workers 2',
      'workers',
      copies,
      [false, 'every subscriber gets a copy, so that 2 workers would all do the same work'],
    ],
    ['--late no', 'late', {}, undefined],
    ['--late yes', 'late', {}, [false, 'nothing is kept for late subscribers']],
    ['--late yes', 'late', { keepsUnread: true }, [false, 'a handled message is gone for all others']],
    [
      '--late yes',
      'late',
      { replays: true },
      [true, 'handled messages stay readable for others', 'the history is as long as the length limit allows'],
    ],
    ['--order no', 'order', {}, undefined],
    ['--order yes', 'order', {}, [false, 'messages may overtake each other']],
    ['--order yes', 'order', { ordered: true }, [true, 'messages arrive in the order in which they were published']],
    [
      '--order yes',
      'order',
      { ordered: true, survivesCrash: true },
      [
        true,
        'messages arrive in the order in which they were published',
        'handlers accept that a redelivered message arrives after later ones',
      ],
    ],
    [
      '--order yes --workers 2',
      'order',
      { ordered: true },
      [false, expect.stringMatching(/^several workers overtake each other: use one worker per consumer group/)],
    ],
  ])('%s: %s and %j', (line, need, guarantees, expected) => {
    expect(finding(line, need, guarantees)).toEqual(expected);
  });

  test.each<[string, Need, Partial<Speed> | undefined, unknown]>([
    ['--loss any', 'p99', { p99: 3, pace: 500 }, undefined],
    ['--p99 20', 'p99', undefined, [undefined, 'not measured']],
    ['--p99 20', 'p99', { throughput: 5 }, [undefined, 'not measured']],
    ['--p99 20', 'p99', { p99: 3 }, [true, 'p99 was 3 ms at 0 messages/s']],
    ['--p99 20 --rate 1500', 'p99', { p99: 3, pace: 1500 }, [true, 'p99 was 3 ms at 1,500 messages/s']],
    ['--p99 20 --rate 1500', 'p99', { p99: 21, pace: 1500 }, [false, 'p99 was 21 ms at 1,500 messages/s']],
    [
      '--p99 20 --rate 501',
      'p99',
      { p99: 20, pace: 500 },
      [undefined, 'not measured at this rate: p99 was 20 ms at 500 messages/s'],
    ],
    [
      '--p99 20 --rate 499',
      'p99',
      { p99: 21, pace: 500 },
      [undefined, 'not measured at this rate: p99 was 21 ms at 500 messages/s'],
    ],
    ['--loss any', 'rate', { throughput: 5 }, undefined],
    ['--rate 5000', 'rate', undefined, [undefined, 'not measured']],
    ['--rate 5000', 'rate', { throughput: 5000 }, [true, '5,000 messages/s went through one subscriber']],
    ['--rate 5000', 'rate', { throughput: 4999 }, [false, '4,999 messages/s went through one subscriber']],
  ])('%s: %s and %j', (line, need, speed, expected) => {
    expect(finding(`--loss any ${line}`.replace('--loss any --loss any', '--loss any'), need, {}, speed)).toEqual(
      expected,
    );
  });
});

test('of what is not needed nothing is said', () => {
  const needs = readNeeds(['--loss', 'any'])?.needs as Needs;
  expect(advise(needs, [{ name: 'x', guarantees: nothing }]).fitting).toEqual([
    { name: 'x', fits: true, open: [], findings: [], beyond: [] },
  ]);
});

describe('what a pattern promises beyond the needs', () => {
  const rich = { keepsUnread: true, survivesCrash: true, groups: true, replays: true };
  const beyond = (line: string, guarantees: Partial<Guarantees> = rich) => {
    const needs = readNeeds(line.split(' '))?.needs as Needs;
    const { fitting, others } = advise(needs, [{ name: 'x', guarantees: { ...nothing, ...leastOnce, ...guarantees } }]);
    return [...fitting, ...others][0]?.beyond;
  };
  const [unread, crash, groups, past] = [
    'keeps unread messages',
    'redelivers messages in flight at a crash',
    'serves several groups',
    'keeps a history',
  ];

  test.each([
    ['--loss any', [unread, crash, groups, past]],
    ['--loss crash-ok', [crash, groups, past]],
    ['--loss none', [groups, past]],
    ['--loss any --late yes', [crash, groups]],
    ['--loss any --fanout 2', [unread, crash, past]],
  ])('%s: %j', (line, expected) => {
    expect(beyond(line)).toEqual(expected);
    expect(beyond(line, {})).toEqual([]);
  });
});

describe('the order of those that fit', () => {
  const order = (line: string, candidates: Readonly<Record<string, Partial<Guarantees>>>) =>
    advise(
      readNeeds(line.split(' '))?.needs as Needs,
      Object.entries(candidates).map(([name, more]) => ({ name, guarantees: { ...nothing, ...more } })),
    ).fitting.map(({ name }) => name);

  test('what promises less comes first, then what demands less, then as they were given', () => {
    expect(
      order('--loss any', { more: { keepsUnread: true, replays: true }, some: { replays: true }, none: {} }),
    ).toEqual(['none', 'some', 'more']);
    expect(order('--loss any --duplicates none', { demanding: leastOnce, simple: {} })).toEqual([
      'simple',
      'demanding',
    ]);
    expect(order('--loss any', { b: {}, a: {}, c: {} })).toEqual(['b', 'a', 'c']);
    expect(order('--loss any --duplicates none', { rich: { replays: true }, demanding: leastOnce })).toEqual([
      'demanding',
      'rich',
    ]);
  });

  test('of those that do not fit, only those that fail the fewest needs are named, by what they fail', () => {
    const candidates = { two: {}, late: { replays: true }, order: { ordered: true }, late2: { replays: true } };
    const { inTheWay } = advise(
      readNeeds('--loss any --late yes --order yes'.split(' '))?.needs as Needs,
      Object.entries(candidates).map(([name, more]) => ({ name, guarantees: { ...nothing, ...more } })),
    );
    expect(inTheWay).toEqual([
      { needs: ['order'], names: ['late', 'late2'] },
      { needs: ['late'], names: ['order'] },
    ]);
  });
});
