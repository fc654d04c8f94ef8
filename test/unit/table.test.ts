import { describe, expect, test } from '@jest/globals';
import { formatNumber, markdownTable, milliseconds, renderTable } from '@redis-messaging/shared/text/table';

describe('tables', () => {
  test('have the first column to the left, the others to the right, each as wide as its widest cell', () => {
    const rows = [
      ['queue', '1,000', '5'],
      ['reliable-queue', '7', '12'],
    ];
    expect(renderTable(['pattern', 'lost', 'duplicated'], rows).split('\n')).toEqual([
      '  pattern          lost  duplicated',
      '  queue           1,000           5',
      '  reliable-queue      7          12',
    ]);
  });

  test('may have rows that end early, or none', () => {
    expect(renderTable(['a', 'b'], [['long']])).toBe('  a     b\n  long');
    expect(renderTable(['a', 'bc'], [])).toBe('  a  bc');
  });

  test('are the same in Markdown', () => {
    expect(markdownTable(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
    expect(markdownTable(['a'], [['1'], ['2']])).toBe('| a |\n| --- |\n| 1 |\n| 2 |');
  });
});

describe('numbers', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1_234_567, '1,234,567'],
    [2.4, '2'],
    [null, '-'],
  ])('%s is shown as %s', (value, shown) => {
    expect(formatNumber(value)).toBe(shown);
  });

  test.each([
    [0, '0 ms'],
    [0.126, '0.13 ms'],
    [9.99, '9.99 ms'],
    [10, '10 ms'],
    [10.26, '10 ms'],
    [12_345.6, '12,346 ms'],
    [null, '-'],
  ])('%s ms are shown as %s', (value, shown) => {
    expect(milliseconds(value)).toBe(shown);
  });
});
