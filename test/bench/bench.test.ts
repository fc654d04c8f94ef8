import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ROOT, serviceCommand } from '../../local/process/node-command.ts';

/** The lines of the benchmark on standard output, and on standard error. */
async function bench(args: readonly string[], env: Readonly<Record<string, string>>) {
  const command = [...serviceCommand('bench'), ...args];
  const options = { cwd: ROOT, env: { PATH: process.env.PATH, ...env } };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, options).catch((error) => error);
  return { lines: linesOf(stdout), errors: linesOf(stderr) };
}

const linesOf = (text: string) => text.split('\n').filter(Boolean);

/** The numbers in a line of a table. */
const numbersIn = (line: string) => (line.match(/\d[\d,.]*/g) ?? []).map((text) => Number(text.replaceAll(',', '')));

describe('npm run bench', () => {
  test('throughput next to a reference, for the given patterns and messages', async () => {
    const { lines, errors } = await bench([], { PATTERN: 'pubsub,queue', MESSAGES: '3000' });
    expect(errors).toEqual(['pubsub: done', 'queue: done']);
    expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(['pattern', 'pubsub', 'queue']);
    for (const line of lines.slice(1)) {
      const [ours, reference, ratio] = numbersIn(line) as [number, number, number];
      expect(reference).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo(ours / reference, 0);
    }
  }, 60_000);

  test('latency next to PING', async () => {
    const { lines } = await bench(['latency'], { PATTERN: 'stream', MESSAGES: '1000' });
    const [p50, p99, pingP50, pingP99] = numbersIn(lines[1] as string) as [number, number, number, number];
    expect(p50).toBeLessThanOrEqual(p99);
    expect(pingP50).toBeGreaterThan(0);
    expect(pingP50).toBeLessThanOrEqual(pingP99);
  }, 60_000);

  test('draining a backlog, by the patterns that keep one', async () => {
    const { lines } = await bench(['drain'], { PATTERN: 'pubsub,reliable-queue', MESSAGES: '2000' });
    expect(lines).toHaveLength(3);
    expect(lines.slice(1).map((line) => numbersIn(line)[0])).toEqual([10_000, 2000]);
  }, 60_000);

  test('the cost of wildcards', async () => {
    const { lines } = await bench(['wildcards'], { PATTERN: 'all', MESSAGES: '200' });
    const costs = lines.slice(1).map((line) => numbersIn(line)[1] as number);
    expect(costs).toHaveLength(5);
    expect(costs.at(-1)).toBeGreaterThan(costs[0] as number); // 10,000 comparisons cost something
  }, 60_000);

  test('names every wrong option, and measures nothing', async () => {
    const { lines, errors } = await bench(['speed', 'now'], { PATTERN: 'kafka', MESSAGES: 'many' });
    expect(lines).toEqual([]);
    expect(errors).toEqual([
      'bench: "speed": expected one of throughput, latency, sharing, drain, wildcards, dashboard, page',
      'bench: "now": expected one measurement, and nothing after it',
      'bench: MESSAGES="many": expected a whole number, 1 or more',
      expect.stringMatching(/^bench: PATTERN="kafka": expected one of pubsub/),
    ]);
  });
});
