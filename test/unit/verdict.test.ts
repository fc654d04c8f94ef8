import { describe, expect, test } from '@jest/globals';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { isBalanced, notDelivered } from '../../compare/account/balance.ts';
import { CUT_OFF, TOO_FAST, UNEXPLAINED } from '../../compare/account/causes.ts';
import type { Counts, Measured } from '../../compare/measure/result.ts';
import {
  type Expectation,
  handledOnce,
  inOrder,
  keptUp,
  nothingLost,
  nothingLostAtFullSpeed,
  nothingLostAtStop,
  nothingLostBehind,
  nothingLostInFlight,
  nothingLostUnread,
  nothingTwice,
  survivesKilledRedis,
} from '../../compare/verdict/claims.ts';
import { judge } from '../../compare/verdict/verdict.ts';
import { lostOne, measuredWith } from '../support/measured.ts';

const claim = (promised: boolean, holds: boolean) => ({ text: 'x', promised, holds });

const LOSS = 'loss outside the promise';
const NONE = 'not applicable';

describe('verdict', () => {
  test.each([
    ['kept', [claim(true, true), claim(false, false)]],
    [NONE, [claim(false, false), claim(true, true)]],
    [NONE, [claim(false, true)]],
    [NONE, []],
    ['broken', [claim(false, true), claim(true, false)]],
    ['broken', [claim(true, false), claim(true, true)]],
  ] as const)('is "%s" of what came of the promises: %j', (verdict, claims) => {
    expect(judge(measuredWith(), claims).verdict).toBe(verdict);
  });

  test('where only figures are asked for nothing is kept, but a promise can be broken', () => {
    expect(judge(measuredWith(), [claim(true, true)], true).verdict).toBe(NONE);
    expect(judge(measuredWith(), [claim(true, false)], true).verdict).toBe('broken');
    expect(judge(lostOne('a crash'), [claim(false, false)], true).verdict).toBe(LOSS);
  });

  test('a promise that was kept does not hide a loss', () => {
    expect(judge(lostOne('a crash'), [claim(true, true)]).verdict).toBe(LOSS);
    expect(judge(lostOne('a crash'), [claim(false, true)]).verdict).toBe(LOSS);
  });

  test.each(['refused', 'unconfirmed', 'buffered'] as const)('messages that were %s did not arrive either', (where) => {
    const measured = measuredWith({ accepted: 8, received: 8, [where]: 2 });
    const causes = [{ cause: 'Redis was not there', messages: 2 }];
    expect(judge({ ...measured, causes }, [claim(true, true)]).verdict).toBe(LOSS);
    expect(judge(measured, [claim(true, true)]).verdict).toBe('broken'); // nobody knows why
    expect(notDelivered(measured)).toBe(2);
    expect(notDelivered({ ...measured, audiences: 3 })).toBe(6);
    expect(notDelivered({ ...measured, audiences: 0 })).toBe(2);
  });

  test('a loss without a cause breaks it, one with a cause does not', () => {
    const judgement = judge(lostOne('a crash'), [claim(true, true)]);
    expect(judgement.claims).toEqual([
      claim(true, true),
      { text: 'every loss has a cause', promised: true, holds: true },
      { text: 'every message is accounted for', promised: true, holds: true },
    ]);
    const unexplained = judge(lostOne(UNEXPLAINED), [claim(false, false)]);
    expect(unexplained.verdict).toBe('broken');
    expect(unexplained.claims[1]).toMatchObject({ promised: true, holds: false });
  });

  test.each<[string, Partial<Measured>]>([
    ['made more than is anywhere', { made: 11 }],
    ['made less than is somewhere', { refused: 1 }],
    ['more received than accepted', { received: 11 }],
    ['received and also lost', { lost: 1 }],
    ['more kept than is missing, so that less than nothing is lost', { waiting: 1, lost: -1 }],
    ['more turned up than was unconfirmed', { accepted: 11, unconfirmed: -1, received: 11 }],
  ])('an account that does not balance breaks it: %s', (_what, more) => {
    expect(judge(measuredWith(more), [claim(true, true)])).toMatchObject({ verdict: 'broken' });
    expect(isBalanced(measuredWith(more))).toBe(false);
  });

  test('an account balances for each audience', () => {
    expect(isBalanced(measuredWith({ audiences: 2, received: 17, waiting: 1, inFlight: 1, dead: 1 }))).toBe(true);
    expect(isBalanced(measuredWith({ audiences: 2 }))).toBe(false);
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
    ['nothing lost at a stop', nothingLostAtStop, keeping, dropping, 'lost'],
    ['nothing lost behind', nothingLostBehind, keeping, dropping, 'lost'],
    ['nothing lost at full speed', nothingLostAtFullSpeed, keeping, dropping, 'lost'],
    [
      'nothing lost with Redis',
      survivesKilledRedis(true),
      { delivery: 'at-least-once' },
      { delivery: 'at-most-once' },
      'lost',
    ],
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
    const lost = [nothingLost, nothingLostUnread, nothingLostInFlight, nothingLostAtStop, nothingLostBehind];
    const all = [...lost, survivesKilledRedis(true), nothingTwice, handledOnce, inOrder];
    expect(new Set(all.map((each) => each(base, counts).text).filter(Boolean)).size).toBe(all.length);
  });

  test('what is not on disk does not survive', () => {
    expect(survivesKilledRedis(false)({ ...base, delivery: 'at-least-once' }, counts).promised).toBe(false);
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
    const cutOff = { ...counts, causes: [{ cause: CUT_OFF, messages: 1 }] } as Counts;
    expect(seen(dropping, slow)).toEqual([false, false]);
    expect(seen(dropping, cutOff)).toEqual([false, false]);
    expect(seen(dropping, other)).toEqual([true, true]);
    expect(seen(keeping, slow)).toEqual([true, true]);
  });
});
