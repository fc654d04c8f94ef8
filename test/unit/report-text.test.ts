import { describe, expect, test } from '@jest/globals';
import { nearest } from '@redis-messaging/shared/text/nearest';
import { rotated } from '../../compare/experiments/findings.ts';
import type { Measurement, Results } from '../../compare/measure/result.ts';
import { accountText, cellText, deliveredPercent, percent } from '../../compare/report/account-text.ts';
import { lossesOf } from '../../compare/report/digest.ts';
import { summaryTable } from '../../compare/report/text/summary.ts';
import { renderTerminal } from '../../compare/report/text/terminal.ts';
import { wrap, wrappedTable } from '../../compare/report/text/wrapped-table.ts';
import { measuredWith } from '../support/measured.ts';

const refused = { made: 1000, accepted: 671, received: 671, refused: 329 };
const measurement = (more: Partial<Measurement> = {}): Measurement => ({
  ...measuredWith(more),
  verdict: 'kept',
  claims: [],
  ...more,
});

describe('the text of a cell', () => {
  test.each([
    [{}, 'received 10 of 10'],
    [refused, 'received 671 of 1,000; 329 refused'],
    [{ received: 7, lost: 3 }, 'received 7 of 10; 3 lost'],
    [{ made: 12, unconfirmed: 1, buffered: 1 }, 'received 10 of 12; 1 unconfirmed; 1 buffered'],
    [{ received: 6, waiting: 1, inFlight: 2, dead: 1 }, 'received 6 of 10; 1 waiting; 2 in flight; 1 dead'],
    [{ duplicated: 4 }, 'received 10 of 10; 4 twice'],
    [{ audiences: 3, received: 30 }, 'received 30 of 30'],
    [{ audiences: 3, made: 11, refused: 1, received: 30 }, 'received 30 of 33; 3 refused'],
    [{ audiences: 0, received: 0 }, 'received 0 of 10'],
    [{ lost: -1 }, 'received 10 of 10; -1 lost'],
  ])('of %j is "%s"', (counts, text) => {
    expect(accountText(measuredWith(counts))).toBe(text);
  });

  test('says the number that the experiment is about behind what happened to the messages', () => {
    expect(cellText(measurement({ headline: '5/s' }))).toBe('received 10 of 10; 5/s');
    expect(cellText(measurement())).toBe('received 10 of 10');
  });

  test.each([
    [100, '100 %'],
    [99.95, '> 99 %'],
    [99, '99 %'],
    [0.4, '< 1 %'],
    [0, '0 %'],
    [null, '-'],
  ])('a share of %d is "%s"', (value, text) => {
    expect(percent(value)).toBe(text);
  });

  test('a share is one of the messages made, for each audience', () => {
    expect(deliveredPercent(measuredWith({ made: 20 }))).toBe(50);
    expect(deliveredPercent(measuredWith({ audiences: 2 }))).toBe(50);
    expect(deliveredPercent(measuredWith({ audiences: 0, received: 0 }))).toBe(0);
    expect(deliveredPercent(measuredWith({ made: 0 }))).toBeNull();
  });
});

/** Results with an experiment and as many patterns as there are measurements. */
const resultsWith = (...all: readonly Measurement[]): Results =>
  ({
    version: 2,
    seed: 1,
    seconds: 2,
    interrupted: false,
    experiments: [
      {
        name: 'subscriber-crashes-once',
        question: 'What?',
        patterns: Object.fromEntries(all.map((each, index) => [`pattern-nr-${index + 1}`, each])),
      },
    ],
  }) as unknown as Results;

describe('the table of the terminal', () => {
  const lossy = measurement({
    ...refused,
    verdict: 'loss outside the promise',
    headline: 'p50 0.85 ms, p99 3.72 ms',
    causes: [{ cause: 'x'.repeat(40), messages: 329 }],
  });

  test.each([1, 5, 9])('fits 100 columns with %d patterns, and shows each of them once', (count) => {
    const text = renderTerminal(resultsWith(...Array.from({ length: count }, () => lossy)));
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
    for (let number = 1; number <= count; number++)
      expect(text.match(new RegExp(`^.*\\bpattern-nr-${number}(?!:)\\b.*$`, 'gm'))?.length).toBeGreaterThan(0);
    expect(text.match(/received 671/g)).toHaveLength(count);
    expect(text.match(/3\.72 ms !/g)).toHaveLength(count);
  });

  test('explains its marks', () => {
    const text = renderTerminal(resultsWith(measurement())).replaceAll('\n', ' ');
    for (const part of ['✓ promise kept', '✗ promise broken', '! loss outside the promise', '– not applicable'])
      expect(text).toContain(part);
  });

  test('of Markdown has the words and the mark of each cell, and the legend', () => {
    const table = summaryTable(resultsWith(measurement(), lossy)).text;
    expect(table).toContain('| What? | received 10 of 10 ✅ | received 671 of 1,000; 329 refused; p50');
    expect(table).toContain('⚠️ loss outside the promise');
  });

  test('what was refused is among the losses, with the reason', () => {
    expect(lossesOf(resultsWith(measurement(), lossy))).toEqual([
      expect.stringMatching(/^subscriber-crashes-once, pattern-nr-2: 329 x+$/),
    ]);
  });
});

describe('wrapping', () => {
  test('breaks between words, and a word that is too long at its hyphens', () => {
    expect(wrap('received 671 of 1,000', 14)).toEqual(['received 671', 'of 1,000']);
    expect(wrap('subscriber-crashes-once', 19)).toEqual(['subscriber-crashes-', 'once']);
    expect(wrap('', 5)).toEqual(['']);
    expect(wrap('unbreakable', 5)).toEqual(['unbreakable']);
  });

  test('keeps columns under each other, with an empty line between rows', () => {
    expect(wrappedTable(['', 'a'], [['row-one', 'x y\nz']], [4, 3])).toBe('      a\n\nrow-  x y\none   z');
  });
});

describe('the nearest word', () => {
  const known = ['loss', 'duplicates', 'fanout', 'rate', 'p99', 'prove'];
  test.each([
    ['los', 'loss'],
    ['fan-out', 'fanout'],
    ['fanuot', 'fanout'],
    ['duplicate', 'duplicates'],
    ['rat', 'rate'],
    ['p95', 'p99'],
    ['nonsense', undefined],
    ['x', undefined],
  ])('to %s is %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});

describe('the order of patterns', () => {
  test('begins with another one in each run', () => {
    expect([0, 1, 2, 3, 7].map((turn) => rotated(['a', 'b', 'c'], turn).join(''))).toEqual([
      'abc',
      'bca',
      'cab',
      'abc',
      'bca',
    ]);
    expect(rotated([], 5)).toEqual([]);
  });
});
