import { describe, expect, test } from '@jest/globals';
import { formatDuration, formatNumber, markdownTable, renderTable } from '@redis-messaging/shared/text/table';

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

  test('that are too wide come in blocks of columns, each with the first', () => {
    const header = ['pattern', 'made', 'handled', 'lost'];
    const rows = [
      ['queue', '1', '2', '3'],
      ['reliable-queue', '4'],
    ];
    expect(renderTable(header, rows, 37).split('\n')[0]).toBe('  pattern         made  handled  lost');
    expect(renderTable(header, rows, 36).split('\n')).toEqual([
      '  pattern         made  handled',
      '  queue              1        2',
      '  reliable-queue     4         ',
      '  pattern         lost',
      '  queue              3',
      '  reliable-queue      ',
    ]);
    expect(renderTable(['a', 'b', 'c'], [], 5)).toBe('  a  b\n  a  c'); // at least one column, however wide
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
    [340.4, '340 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1234, '1.2 s'],
    [9949, '9.9 s'],
    [12_345.6, '12 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [83_000, '1 min 23 s'],
    [3_599_499, '59 min 59 s'],
    [3_599_500, '1 h'],
    [86_399_000, '24 h'],
    [19_400_000, '5 h 23 min'],
    [86_400_000, '1 d'],
    [2_000 * 86_400_000 + 7_200_000, '2,000 d 2 h'],
    [null, '-'],
  ])('%s ms are shown as %s', (value, shown) => {
    expect(formatDuration(value)).toBe(shown);
  });
});
