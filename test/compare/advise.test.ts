import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import { readNeeds } from '../../compare/advice/needs.ts';
import { advise, used } from '../support/advise.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advise-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The only pattern that loses nothing at a crash and serves several consumer groups. */
const [durable] = patterns.filter(({ guarantees }) => guarantees.survivesCrash && guarantees.groups) as [Pattern];

/** The figures that come with the project. */
const SHIPPED = 'docs/compare.json';

/** Results of a comparison in which every pattern was this fast. */
async function resultsWith(p99: number, throughput: number): Promise<string> {
  const each = (measured: object) =>
    Object.fromEntries(patterns.map(({ name }) => [name, { figures: {}, ...measured }]));
  const path = join(folder, 'earlier.json');
  const experiments = [
    { name: 'latency', patterns: each({ latencyMs: { p99 } }) },
    { name: 'throughput', patterns: each({ throughput }) },
  ];
  await writeFile(path, JSON.stringify({ version: 2, options: { rate: 5000 }, experiments }));
  return path;
}

describe('npm run advise', () => {
  test('names the pattern to use, with figures of an earlier comparison, and why the others do not fit', async () => {
    const results = await resultsWith(12.5, 20_000);
    const { code, out } = await advise(`--loss none --fanout 3 --p99 20 --rate 5000 --results ${results}`);
    expect(code).toBe(0);
    expect(used(out)).toBe(durable.name);
    expect(out).toMatch(/\+ --p99 20 +p99 was 13 ms at 5,000 messages\/s/);
    expect(out).toMatch(/\+ --rate 5000 +20,000 messages\/s/);
    for (const { name } of patterns.filter((pattern) => pattern !== durable))
      expect(out.slice(out.indexOf('Why not'))).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('ends with 1 if a need was not measured, or cannot be met, and says which', async () => {
    const results = await resultsWith(12.5, 20_000);
    const open = await advise(`--loss none --p99 20 --rate 6000 --results ${results}`);
    expect(open.code).toBe(1);
    expect(used(open.out)).toBeUndefined();
    expect(open.out).toMatch(/^Not known: .* may fit, but --p99 20 was not measured/m);
    const never = await advise(`--rate 1000000 --p99 0.1 --results ${SHIPPED}`);
    expect(never.code).toBe(1);
    expect(used(never.out)).toBeUndefined();
    expect(never.out).toMatch(/Nothing fits\. In conflict:/);
  });

  test('ends with 1 if nothing fits, and names the need that is in conflict', async () => {
    const { code, out } = await advise('--late yes --order yes --workers 2');
    expect(code).toBe(1);
    expect(used(out)).toBeUndefined();
    expect(out).toContain(`--order yes: without it, ${durable.name} would fit`);
  });

  test('ends with 2 and names every mistake', async () => {
    const { code, out, err } = await advise('--loss never --fanout 0');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('advise: --loss never: expected none, crash-ok or any');
    expect(err).toContain('advise: --fanout 0: expected a whole number from 1 to 1000');
    const misspelled = await advise('--fan-out 3');
    expect([misspelled.code, misspelled.err]).toEqual([2, expect.stringContaining('did you mean --fanout?')]);
    expect(await advise('--results /nowhere.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--results'),
    });
    const odd = join(folder, 'odd.json');
    await writeFile(odd, '\u001b[31m\u202e');
    const { err: quoted } = await advise(`--results ${odd}`);
    expect(quoted).toContain('\\u001b[31m\\u202e');
    expect(quoted).not.toContain('\u001b');
  });

  test('--help explains every option', async () => {
    const { code, out } = await advise('--help');
    expect(code).toBe(0);
    for (const name of ['loss', 'duplicates', 'fanout', 'workers', 'late', 'order', 'p99', 'rate', 'results', 'prove'])
      expect(out).toMatch(new RegExp(`^  --${name}\\b`, 'm'));
  });

  test('--prove runs the experiments that concern the needs, writes a report, and agrees', async () => {
    const { code, out } = await advise(`--loss any --fanout 2 --prove --seed 5 --out ${folder}/proof`);
    const again = /Again: `npm run advise -- (.*)`/.exec(await readFile(`${folder}/proof/summary.md`, 'utf8'))?.[1];
    expect(readNeeds(again?.split(' ') ?? [])).toMatchObject({
      needs: { loss: 'any', fanout: 2, workers: 1 },
      prove: true,
      seed: '5',
    });
    expect(out).toContain('The proof agrees with the advice.');
    expect(code).toBe(0);
    const results = JSON.parse(await readFile(join(folder, 'proof', 'results.json'), 'utf8'));
    expect(results.experiments.map(({ name }: { name: string }) => name)).toEqual(['2x1-consumers']);
    expect(results.seed).toBe(5);
    const { patterns: measured } = results.experiments[0];
    for (const { name, guarantees } of patterns) {
      const isPromised = guarantees.groups || guarantees.audience === 'every-subscriber';
      expect([name, measured[name].verdict]).toEqual([name, isPromised ? 'kept' : 'not applicable']);
    }
    expect(measured[used(out) as string].verdict).toBe('kept');
  });
});
