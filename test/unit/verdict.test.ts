import { describe, expect, test } from '@jest/globals';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { TOO_FAST, UNEXPLAINED } from '../../compare/measure/causes.ts';
import type { Cause, Counts, Measured } from '../../compare/measure/result.ts';
import {
  type Expectation,
  handledOnce,
  inOrder,
  keptUp,
  nothingLost,
  nothingLostInFlight,
  nothingLostUnread,
  nothingTwice,
} from '../../compare/verdict/claims.ts';
import { judge } from '../../compare/verdict/verdict.ts';

const claim = (promised: boolean, holds: boolean) => ({ text: 'x', promised, holds });
const measuredWith = (...causes: Cause[]) => ({ causes }) as unknown as Measured;
const verdictOf = (...claims: ReturnType<typeof claim>[]) => judge(measuredWith(), claims).verdict;

describe('verdict', () => {
  test.each([
    ['kept', [claim(true, true), claim(false, false)]],
    ['not promised', [claim(false, false), claim(true, true)]],
    ['not promised', [claim(false, true)]],
    ['not promised', []],
    ['broken', [claim(false, true), claim(true, false)]],
    ['broken', [claim(true, false), claim(true, true)]],
  ] as const)('is "%s" of what came of the promises: %j', (verdict, claims) => {
    expect(verdictOf(...claims)).toBe(verdict);
  });

  test('a loss without a cause breaks it, one with a cause does not', () => {
    const explained = { cause: 'a crash', messages: 3 };
    const judgement = judge(measuredWith(explained), [claim(true, true)]);
    expect(judgement).toEqual({
      claims: [claim(true, true), { text: 'every loss has a cause', promised: true, holds: true }],
      verdict: 'kept',
    });
    const unexplained = judge(measuredWith(explained, { cause: UNEXPLAINED, messages: 1 }), [claim(false, false)]);
    expect(unexplained.verdict).toBe('broken');
    expect(unexplained.claims[1]).toMatchObject({ promised: true, holds: false });
  });
});

describe('claims', () => {
  const base: Guarantees = {
    delivery: 'at-most-once',
    audience: 'every-subscriber',
    groups: false,
    keepsUnread: false,
    replays: false,
    survivesCrash: false,
    ordered: true,
  };
  const counts = { lost: 0, duplicated: 0, reordered: 0, causes: [] } as unknown as Counts;
  const keeping = { keepsUnread: true };
  const dropping = { keepsUnread: false };

  test.each<[string, Expectation, Partial<Guarantees>, Partial<Guarantees>, keyof Counts]>([
    ['nothing lost', nothingLost, keeping, {}, 'lost'],
    ['nothing lost unread', nothingLostUnread, keeping, dropping, 'lost'],
    ['nothing lost in flight', nothingLostInFlight, { survivesCrash: true }, { survivesCrash: false }, 'lost'],
    ['nothing twice', nothingTwice, { delivery: 'at-most-once' }, { delivery: 'at-least-once' }, 'duplicated'],
    ['in order', inOrder, { ordered: true }, { ordered: false }, 'reordered'],
    ['handled once', handledOnce, {}, {}, 'duplicated'],
  ])(
    '%s is promised by those that say so, and holds if nothing was counted',
    (_what, expectation, some, others, key) => {
      const claimed = expectation({ ...base, ...some }, counts);
      expect(claimed).toEqual({ text: claimed.text, promised: true, holds: true });
      expect(expectation({ ...base, ...some }, { ...counts, [key]: 1 }).holds).toBe(false);
      if (others !== some && Object.keys(others).length > 0)
        expect(expectation({ ...base, ...others }, counts).promised).toBe(false);
    },
  );

  test('of each kind say something else', () => {
    const all = [nothingLost, nothingLostUnread, nothingLostInFlight, nothingTwice, handledOnce, inOrder];
    expect(new Set(all.map((each) => each(base, counts).text).filter(Boolean)).size).toBe(all.length);
  });

  test('who keeps nothing promises nothing to a subscriber that is too slow', () => {
    const slow = {
      ...counts,
      causes: [
        { cause: 'a crash', messages: 1 },
        { cause: TOO_FAST, messages: 1 },
      ],
    } as Counts;
    const other = { ...counts, causes: [{ cause: 'a crash', messages: 1 }] } as Counts;
    const seen = (guarantees: Partial<Guarantees>, what: Counts) => [
      keptUp({ ...base, ...guarantees }, what),
      nothingLost({ ...base, ...guarantees }, what).promised,
    ];
    expect(seen(dropping, slow)).toEqual([false, false]);
    expect(seen(dropping, other)).toEqual([true, true]);
    expect(seen(keeping, slow)).toEqual([true, true]);
  });
});
