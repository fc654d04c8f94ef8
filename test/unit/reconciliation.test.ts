import { describe, expect, test } from '@jest/globals';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { isBalanced } from '../../compare/account/balance.ts';
import { NOBODY_LISTENED, type PossibleCause, UNEXPLAINED } from '../../compare/account/causes.ts';
import { audiencesOf, type Observed, reconcile as reconcileAll } from '../../compare/account/reconciliation.ts';

const guaranteesOf = (audience: Guarantees['audience'], groups = false): Guarantees => ({
  delivery: 'at-least-once',
  audience,
  groups,
  keepsUnread: true,
  replays: false,
  survivesCrash: true,
  ordered: true,
});

/** Log lines of messages. */
const lines = (counts: readonly number[], more = {}) =>
  counts.map((count) => ({ id: `id-${count}`, sender: 'me', count, reply: 1, ...more }));

const nothing = { waiting: 0, inFlight: 0, dead: 0 };
const shared = {
  guarantees: guaranteesOf('one-subscriber'),
  held: nothing,
  foreignDeadLetters: 0,
  possibleCauses: [],
};
/** With publishers that say that Redis accepted what they logged, and did not confirm `unconfirmed` more. */
const reconcile = (observed: Omit<Observed, 'publishing'>, unconfirmed = 0) => {
  const accepted = observed.published.length;
  const publishing = { made: accepted + unconfirmed, accepted, refused: 0, unconfirmed, buffered: 0 };
  return reconcileAll({ ...observed, publishing });
};

/** Explains any message, but no more than these. */
const anyOf = (cause: string, most: number): PossibleCause => ({
  cause,
  explains: (missing) => missing.slice(0, most),
});
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
      made: 5,
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
    const possibleCauses = [anyOf('the line was down', 2), anyOf('in flight', 2)];
    const { lost, causes } = reconcile({
      ...copied,
      published,
      received: new Map([['A', lines([8])]]),
      possibleCauses,
    });
    expect(lost).toBe(7);
    expect(causes).toEqual([
      { cause: NOBODY_LISTENED, messages: 2 },
      { cause: 'the line was down', messages: 2 },
      { cause: 'in flight', messages: 2 },
      { cause: UNEXPLAINED, messages: 1 },
    ]);
  });

  test('a message that was received has been accepted, whatever the publisher knows', () => {
    const evidence = { ...shared, published: lines([1]), received: new Map([['A', lines([1, 2])]]) };
    const counts = reconcile(evidence, 3);
    expect(counts).toMatchObject({ made: 4, accepted: 2, unconfirmed: 2, received: 2, lost: 0 });
    expect(isBalanced(counts)).toBe(true);
    expect(isBalanced(reconcile(evidence))).toBe(false); // its publisher does not know of it at all
  });

  test('what a publisher says was accepted, and nobody has seen, is lost without an explanation', () => {
    const publishing = { made: 3, accepted: 3, refused: 0, unconfirmed: 0, buffered: 0 };
    const counts = reconcileAll({
      ...shared,
      publishing,
      published: lines([1, 2]),
      received: new Map([['A', lines([1, 2])]]),
      possibleCauses: [anyOf('whatever', 5)],
    });
    expect(counts).toMatchObject({ lost: 1, causes: [{ cause: UNEXPLAINED, messages: 1 }] });
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
    expect(reconcile(evidence)).toMatchObject({ lost: 0, dead: 1, foreignDead: 2 });
  });

  test('dead letters of others cannot hide a loss', () => {
    const held = { ...nothing, dead: 1 };
    const evidence = {
      ...shared,
      published: lines([1, 2]),
      received: new Map([['A', lines([1])]]),
      held,
      foreignDeadLetters: 2,
    };
    expect(reconcile(evidence)).toMatchObject({ lost: 1, dead: 0, foreignDead: 1 });
  });

  test('what waits, is in flight or dead is not lost', () => {
    const held = { waiting: 2, inFlight: 1, dead: 1 };
    const counts = reconcile({ ...shared, published: lines([1, 2, 3, 4, 5]), received: new Map(), held });
    expect(counts).toMatchObject({ accepted: 5, received: 0, lost: 1, waiting: 2, inFlight: 1, dead: 1 });
  });

  test('a message is late only if one of the same sender came before it that was made later; again is not late', () => {
    const others = lines([9]).map((line) => ({ ...line, id: 'x', sender: 'somebody else' }));
    const received = new Map([
      ['A', [...others, ...lines([1, 3, 2, 2, 4, 1])]],
      ['B', lines([2, 1, 1])],
    ]);
    expect(reconcile({ ...copied, published: lines([1, 2, 3, 4]), received })).toMatchObject({
      reordered: 2,
      duplicated: 3,
    });
  });

  test('a message that comes again is no measure of what comes after it', () => {
    const received = new Map([['A', lines([5, 1, 5, 2, 3])]]);
    expect(reconcile({ ...shared, published: [], received }).reordered).toBe(3);
  });

  test('two messages with one count, of two runs, are in order', () => {
    const again = lines([2]).map((line) => ({ ...line, id: 'of another run' }));
    const received = new Map([['A', [...lines([1, 2]), ...again]]]);
    expect(reconcile({ ...shared, published: [], received })).toMatchObject({ received: 3, reordered: 0 });
  });

  test('that nobody listened is known from the reply to the publisher, whoever received it after all', () => {
    const received = new Map([
      ['A', lines([1], { reply: undefined })],
      ['B', []],
    ]);
    const { causes } = reconcile({ ...copied, published: lines([1], { reply: 0 }), received });
    expect(causes).toEqual([{ cause: NOBODY_LISTENED, messages: 1 }]);
  });

  test('with copies and nobody there is no audience, so nothing is lost', () => {
    expect(reconcile({ ...copied, published: lines([1, 2]), received: new Map() })).toMatchObject({
      accepted: 2,
      audiences: 0,
      received: 0,
      lost: 0,
      causes: [],
    });
  });

  test('each group is to receive every message, whoever of it does', () => {
    const guarantees = guaranteesOf('one-subscriber', true);
    const received = new Map([
      ['A1', lines([1, 2])],
      ['A2', lines([3])],
      ['B', lines([1])],
    ]);
    const groupOf = new Map([
      ['A1', 'A'],
      ['A2', 'A'],
      ['B', 'B'],
    ]);
    const evidence = { ...shared, guarantees, published: lines([1, 2, 3]), received };
    expect(reconcile({ ...evidence, groupOf })).toMatchObject({ audiences: 2, received: 4, lost: 2 });
    expect(reconcile(evidence)).toMatchObject({ audiences: 1, received: 3, lost: 0, duplicated: 1 });
  });
});

describe('audiences', () => {
  const roles = ['A', 'B', 'C'];
  const groupOf = new Map([
    ['A', 'one'],
    ['B', 'two'],
    ['C', 'one'],
  ]);

  test('are every subscriber, all of them, or their groups', () => {
    expect(audiencesOf(guaranteesOf('every-subscriber'), roles, groupOf)).toEqual([['A'], ['B'], ['C']]);
    expect(audiencesOf(guaranteesOf('one-subscriber', false), roles, groupOf)).toEqual([['A', 'B', 'C']]);
    expect(audiencesOf(guaranteesOf('one-subscriber', true), roles, groupOf)).toEqual([['A', 'C'], ['B']]);
    expect(audiencesOf(guaranteesOf('one-subscriber', true), roles)).toEqual([['A', 'B', 'C']]);
  });

  test('without subscribers are none of copies, and one that nobody is in where they share', () => {
    expect(audiencesOf(guaranteesOf('every-subscriber'), [])).toEqual([]);
    expect(audiencesOf(guaranteesOf('one-subscriber', false), [])).toEqual([[]]);
    expect(audiencesOf(guaranteesOf('one-subscriber', true), [])).toEqual([[]]);
  });
});
