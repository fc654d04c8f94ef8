import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { UNEXPLAINED } from '../../compare/measure/causes.ts';
import { reconcile } from '../../compare/measure/reconciliation.ts';
import { judge } from '../../compare/verdict/verdict.ts';

const guaranteesOf = (audience: string) =>
  (patterns.find(({ guarantees }) => guarantees.audience === audience) as (typeof patterns)[number]).guarantees;

/** Log lines of messages. */
const lines = (counts: readonly number[], more = {}) =>
  counts.map((count) => ({ id: `id-${count}`, sender: 'me', count, reply: 1, ...more }));

const nothing = { waiting: 0, inFlight: 0, dead: 0 };
const shared = {
  guarantees: guaranteesOf('one-subscriber'),
  made: 5,
  held: nothing,
  foreignDeadLetters: 0,
  possibleCauses: [],
};
const copied = { ...shared, guarantees: guaranteesOf('every-subscriber') };

describe('reconciliation', () => {
  test('of shared messages: each is to be received by somebody', () => {
    const received = new Map([
      ['A', lines([1, 3, 3])],
      ['B', lines([2])],
    ]);
    const counts = reconcile({
      ...shared,
      published: lines([1, 2, 3, 4, 5]),
      received,
      held: { ...nothing, waiting: 1 },
    });
    expect(counts).toMatchObject({
      published: 5,
      accepted: 5,
      audiences: 1,
      received: 3,
      lost: 1,
      duplicated: 1,
      waiting: 1,
      causes: [{ cause: UNEXPLAINED, messages: 1 }],
    });
  });

  test('of copies: each is to be received by everybody', () => {
    const received = new Map([
      ['A', lines([1, 2, 3, 5, 4])],
      ['B', lines([1, 2])],
    ]);
    const counts = reconcile({ ...copied, published: lines([1, 2, 3, 4, 5]), received });
    expect(counts).toMatchObject({ accepted: 5, audiences: 2, received: 7, lost: 3, duplicated: 0, reordered: 1 });
    expect(counts.accepted * counts.audiences).toBe(counts.received + counts.lost);
  });

  test('every loss gets the first cause that fits, and no more than that explains', () => {
    const published = [...lines([1, 2], { reply: 0 }), ...lines([3, 4, 5, 6, 7, 8])];
    const possibleCauses = [
      { cause: 'the line was down', atMost: 2 },
      { cause: 'in hand', atMost: 2 },
    ];
    const { lost, causes } = reconcile({
      ...copied,
      made: 8,
      published,
      received: new Map([['A', lines([8])]]),
      possibleCauses,
    });
    expect(lost).toBe(7);
    expect(causes).toEqual([
      { cause: 'nobody was listening', messages: 2 },
      { cause: 'the line was down', messages: 2 },
      { cause: 'in hand', messages: 2 },
      { cause: UNEXPLAINED, messages: 1 },
    ]);
  });

  test('a message that was received has been accepted, whatever the publisher knows', () => {
    const counts = reconcile({ ...shared, published: lines([1]), received: new Map([['A', lines([1, 2])]]) });
    expect(counts).toMatchObject({ accepted: 2, received: 2, lost: 0 });
  });

  test('dead letters of others do not count as ours', () => {
    const held = { ...nothing, dead: 3 };
    const evidence = {
      ...shared,
      published: lines([1, 2]),
      received: new Map([['A', lines([1])]]),
      held,
      foreignDeadLetters: 2,
    };
    expect(reconcile(evidence)).toMatchObject({ lost: 0, deadLettered: 3 });
  });
});

describe('verdict', () => {
  const claim = (promised: boolean, holds: boolean) => ({ text: 'x', promised, holds });
  const measured = reconcile({ ...shared, published: [], received: new Map() });
  const verdictOf = (...claims: ReturnType<typeof claim>[]) =>
    judge({ ...measured, throughput: null, latencyMs: null, latencyAt: null, timeline: null, figures: {} }, claims)
      .verdict;

  test('is what came of the promises', () => {
    expect(verdictOf(claim(true, true), claim(false, false))).toBe('kept');
    expect(verdictOf(claim(false, false), claim(true, true))).toBe('not promised');
    expect(verdictOf(claim(false, true), claim(true, false))).toBe('broken');
    expect(verdictOf(claim(true, false))).toBe('broken');
  });

  test('a loss without a cause breaks it', () => {
    const unexplained = { ...measured, lost: 1, causes: [{ cause: UNEXPLAINED, messages: 1 }] };
    const whole = { ...unexplained, throughput: null, latencyMs: null, latencyAt: null, timeline: null, figures: {} };
    expect(judge(whole, [claim(false, false)]).verdict).toBe('broken');
  });
});
