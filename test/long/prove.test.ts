import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Results } from '../../compare/measure/result.ts';
import { advise, used } from '../support/advise.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advise-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('npm run advise --prove measures figures, repeats what noise may have disturbed, and then advises by the median', async () => {
  const options = `--loss crash-ok --rate 10000000 --prove --seed 5 --out ${folder}/figures`;
  const { code, out, err } = await advise(options); // nobody reaches this rate
  expect(err).toContain('Perhaps noise: throughput again, 3 times; the median counts');
  expect(code).toBe(1);
  expect(used(out)).toBeUndefined();
  expect(out).toMatch(/By: figures that were measured just now\.[\s\S]*Nothing fits\. In conflict:/);
  const { experiments } = JSON.parse(await readFile(join(folder, 'figures', 'results.json'), 'utf8'));
  const runsOf = ({ name, patterns: all }: Results['experiments'][number]) =>
    [name, Object.values(all)[0]?.runs?.length ?? 1] as const;
  expect(experiments.map(runsOf)).toEqual([
    ['nobody-listens', 1],
    ['subscriber-stops', 1],
    ['throughput', 3],
  ]);
});
