import { describe, expect, test } from '@jest/globals';
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import { readClosed, readSequences } from '@redis-messaging/shared/accounting/stored';
import { seeded } from '../../testkit/random.ts';

const settled = { published: 6, received: 3, lost: 2, elsewhere: 1, duplicated: 0, reordered: 4 };
const closed = { settled, hasForgotten: true };
const sequence = {
  isStray: false,
  from: 1,
  firstId: 'first',
  firstCount: 2,
  lowest: 2,
  highest: 9,
  startedAt: -5,
  highestMadeAt: 7,
  received: [
    [2, 4],
    [6, 9],
  ],
  unique: 7,
  duplicated: 0,
  reordered: 0,
  lastEntry: 7,
  lostInHand: 0,
};

describe('what a ledger stored', () => {
  test('is read back as it was, whatever was booked; fields of others are left out', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = seeded(seed);
      const ledger = new Ledger({ audience: 'one-subscriber' });
      for (let step = 0; step < 4000; step++) {
        const [sender, count] = [`sender ${random(1200)}`, random(50)];
        const entry = { sender, count, id: `${step}`, madeAt: random(20) * 1e9 + count };
        if (random(10) === 0) ledger.lose(entry);
        else ledger.receive(entry);
      }
      const { senders, ...rest } = JSON.parse(JSON.stringify(ledger.changes()));
      for (const sequences of Object.values(senders)) expect(readSequences(sequences ?? [])).toEqual(sequences ?? []);
      expect(readClosed(rest)).toEqual(rest);
    }
    expect(readSequences([{ ...sequence, more: 1 }])).toEqual([sequence]);
    expect(readClosed({ settled: { ...settled, latencyMs: '<b>' }, hasForgotten: true, more: 1 })).toEqual(closed);
  });

  test.each([
    [null, 'not an object'],
    [[], 'not an object'],
    ['{}', 'not an object'],
    [{}, 'field "settled" is missing'],
    [{ settled: 7 }, 'field "settled" is 7; expected an object'],
    [{ settled: null }, 'field "settled" is null; expected an object'],
    [{ settled: { received: '<b>' }, hasForgotten: false }, 'field "published" is missing'],
    [{ settled }, 'field "hasForgotten" is missing'],
    [{ ...closed, hasForgotten: 1 }, 'field "hasForgotten" is 1; expected true or false'],
    ...['<b>\u001b', null, -1, 0.5, 1e300].map(
      (bad) => [{ ...closed, settled: { ...settled, lost: bad } }, '"lost" is'] as const,
    ),
    [{ ...closed, settled: { ...settled, lost: 3 } }, '"published" is not received + lost + elsewhere'],
  ] as const)('totals %j: %s', (data, problem) => {
    expect(() => readClosed(data)).toThrow(problem);
    expect(() => readClosed(data)).not.toThrow('\u001b');
  });

  test.each([
    ...['from', 'firstCount', 'lowest', 'highest', 'unique', 'duplicated', 'reordered', 'lastEntry', 'lostInHand'].map(
      (field) => [{ [field]: -1 }, `field "${field}" is -1; expected a whole number, 0 or more`] as const,
    ),
    [{ startedAt: '<b>' }, 'field "startedAt" is "<b>"; expected a whole number'],
    [{ highestMadeAt: null }, 'field "highestMadeAt" is null; expected a whole number'],
    [{ isStray: undefined }, 'field "isStray" is missing'],
    [{ firstId: 3 }, 'field "firstId" is 3; expected a string'],
    ...[
      '2-9',
      [2, 9],
      [[2]],
      [[2, 3, 4]],
      [['2', 9]],
      [[5, 4]],
      [
        [6, 9],
        [2, 4],
      ],
      [
        [2, 4],
        [4, 9],
      ],
      [[-2, 9]],
    ].map((received) => [{ received }, '; expected ranges of whole numbers in ascending order'] as const),
    ...[{ received: [[1, 9]] }, { received: [[2, 10]] }, { lowest: 10, received: [] }, { unique: 9 }].map(
      (fields) => [fields, 'more was received than from "lowest" to "highest"'] as const,
    ),
  ] as const)('a sequence with %j: %s', (fields, problem) => {
    expect(() => readSequences([sequence, { ...sequence, ...fields }])).toThrow(problem);
  });

  test('sequences that are not in an array, or not objects, are said', () => {
    expect(() => readSequences({ ...sequence })).toThrow('not an array');
    expect(() => readSequences([null])).toThrow('not an object');
  });
});
