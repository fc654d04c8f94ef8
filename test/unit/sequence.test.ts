import { describe, expect, test } from '@jest/globals';
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import { Sequence } from '@redis-messaging/shared/accounting/sequence';

/** More than this above the others is no loss, but a mistake or a forgery. */
const IMPLAUSIBLE = 1_000_000_000;

/** Message `count`, made that many ms after 1970; `id` tells messages with one count apart. */
const entry = (count: number, { at = count, id = `id ${count}` } = {}) => ({
  sender: 'a',
  count,
  id,
  madeAt: at * 1000,
});

const sequenceOf = (first: number, ...counts: number[]) => {
  const sequence = Sequence.beginWith(entry(first), 1);
  for (const count of [first, ...counts]) sequence.receive(entry(count));
  return sequence;
};

describe('one run of a sender', () => {
  test('says of each message whether it is new, late or here again', () => {
    const sequence = Sequence.beginWith(entry(1), 1);
    const seen = [1, 3, 2, 3, 2, 4].map((count) => sequence.receive(entry(count)));
    expect(seen).toEqual(['new', 'new', 'reordered', 'duplicate', 'duplicate', 'new']);
  });

  test.each([
    ['nothing is missing', [1, 2, 3], { published: 3, received: 3, lost: 0, elsewhere: 0 }],
    ['a gap is lost', [1, 2, 5], { published: 5, received: 3, lost: 2, elsewhere: 0 }],
    ['what came before the first is elsewhere', [4, 5], { published: 5, received: 2, lost: 0, elsewhere: 3 }],
    ['both', [4, 6], { published: 6, received: 2, lost: 1, elsewhere: 3 }],
    ['it begins before the first that was seen', [4, 3], { published: 4, received: 2, lost: 0, elsewhere: 2 }],
    ['some count from 0', [0, 1], { published: 2, received: 2, lost: 0, elsewhere: 0 }],
    ['0 comes late', [1, 0], { published: 2, received: 2, lost: 0, elsewhere: 0 }],
  ])('%s: %j', (_what, [first = 0, ...counts], expected) => {
    expect(sequenceOf(first, ...counts).account(false)).toMatchObject(expected);
  });

  test('where subscribers share, all that is missing is elsewhere, but for what was lost in flight', () => {
    const sequence = sequenceOf(2, 5);
    expect(sequence.account(true)).toMatchObject({ published: 5, received: 2, lost: 0, elsewhere: 3 });
    sequence.lose(entry(3));
    sequence.lose(entry(6));
    expect(sequence.account(true)).toMatchObject({ published: 6, received: 2, lost: 2, elsewhere: 2 });
    expect(sequence.account(false)).toMatchObject({ published: 6, received: 2, lost: 3, elsewhere: 1 });
  });

  test('what was handled before cannot be lost in flight', () => {
    const sequence = sequenceOf(1, 2, 4);
    sequence.lose(entry(2));
    expect(sequence.account(true)).toMatchObject({ lost: 0, elsewhere: 1 });
  });

  test('what was lost in flight and comes after all is not late, and not lost', () => {
    const sequence = sequenceOf(1);
    sequence.lose(entry(2));
    expect(sequence.receive(entry(2))).toBe('new');
    expect(sequence.account(true)).toMatchObject({ published: 2, received: 2, lost: 0, elsewhere: 0, reordered: 0 });
  });

  test('goes on with its next message, made at the same time or later', () => {
    const sequence = sequenceOf(1, 5);
    const continues = (count: number, at: number) => sequence.isContinuedBy(entry(count, { at }));
    expect([continues(6, 5), continues(6, 6), continues(6, 4)]).toEqual([true, true, false]);
    expect([continues(5, 6), continues(7, 7)]).toEqual([false, false]);
  });

  test('is over when its sender must have started again', () => {
    const sequence = sequenceOf(2, 5);
    const isOver = (count: number, more = {}) => sequence.isOutgrownBy(entry(count, more));
    expect(isOver(5)).toBe(false); // the same again
    expect(isOver(3)).toBe(false); // late
    expect(isOver(9, { at: 1 })).toBe(false); // a higher count, whatever the clock says
    expect(isOver(3, { at: 5 })).toBe(false); // as late as the highest
    expect(isOver(3, { at: 6 })).toBe(true); // a lower count, made later
    expect(isOver(5, { at: 6 })).toBe(true);
    expect(isOver(2, { at: 1, id: 'another' })).toBe(true); // another first message
    expect(isOver(3, { at: 1, id: 'another' })).toBe(false); // was never seen
  });

  test('does not take a count that is too far above', () => {
    const sequence = sequenceOf(1, 5);
    const isOver = (count: number) => [sequence.isImplausible(count), sequence.isOutgrownBy(entry(count))];
    expect(isOver(5 + IMPLAUSIBLE)).toEqual([false, false]);
    expect(isOver(6 + IMPLAUSIBLE)).toEqual([true, true]);
  });

  test('began when the earliest message that was seen was made', () => {
    const sequence = sequenceOf(5);
    expect(sequence.startedAt).toBe(5000);
    sequence.see(entry(3));
    sequence.see(entry(9));
    expect(sequence.startedAt).toBe(3000);
  });

  test('a late message does not move the time of the highest', () => {
    const sequence = sequenceOf(5);
    sequence.see(entry(5, { at: 9 }));
    sequence.see(entry(4, { at: 8 }));
    expect(sequence.isContinuedBy(entry(6, { at: 5 }))).toBe(true);
  });

  test('is stored as plain data, and restored as it was', () => {
    const sequence = sequenceOf(2, 5, 4, 5);
    sequence.lose(entry(7));
    sequence.lastEntry = 42;
    const stored = JSON.parse(JSON.stringify(sequence));
    const restored = Sequence.restore(stored);
    expect(JSON.parse(JSON.stringify(restored))).toEqual(stored);
    expect(stored).toMatchObject({ from: 1, lowest: 2, highest: 7, unique: 3, duplicated: 1, reordered: 1 });
    expect(restored.account(true)).toEqual(sequence.account(true));
    expect(restored.lastEntry).toBe(42);
    expect(restored.isStray).toBe(false);
    expect(restored.receive(entry(4))).toBe('duplicate');
    expect(restored.isOutgrownBy(entry(2, { id: 'another' }))).toBe(true);
  });
});

describe('counts that cannot be', () => {
  const ledgerOf = (...counts: number[]) => {
    const ledger = new Ledger({ audience: 'every-subscriber' });
    for (const count of counts) ledger.receive(entry(count, { at: 1 }));
    return ledger;
  };

  test('up to the limit they are losses, beyond a run of their own', () => {
    expect(ledgerOf(1, 1 + IMPLAUSIBLE).account()).toMatchObject({ received: 2, lost: IMPLAUSIBLE - 1, elsewhere: 0 });
    expect(ledgerOf(1, 2 + IMPLAUSIBLE).account()).toMatchObject({ published: 2, received: 2, lost: 0, elsewhere: 0 });
  });

  test('they get what continues them, and nothing else', () => {
    const ledger = ledgerOf(1, 9e15, 9e15 + 1, 2, 4);
    expect(ledger.account()).toMatchObject({ published: 6, received: 5, lost: 1, reordered: 0 });
  });
});
