import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { evidenceFor } from '../../compare/advice/evidence.ts';
import { USUAL_NEEDS } from '../../compare/advice/needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
const shipped = JSON.parse(readFileSync(new URL('../../docs/compare.json', import.meta.url), 'utf8'));

/** Results of experiments with these names. */
function resultsOf(file: string, ...names: readonly string[]): string {
  const path = join(folder, file);
  const experiments = names.map((name) => ({ name, patterns: { queue: {} } }));
  writeFileSync(path, JSON.stringify({ version: 2, experiments }));
  return path;
}

const options = { needs: { ...USUAL_NEEDS, p99: 20 }, results: undefined, prove: false };

describe('the evidence of advice', () => {
  test('is what comes with the project where nothing was measured, and that is said', () => {
    const { results, words } = evidenceFor(options, join(folder, 'none.json'));
    expect(results).toEqual(shipped);
    expect(words).toMatch(/^nothing was measured here, so these are .*docs\/compare\.json/);
    expect(words).toContain(shipped.machine.redis);
  });

  test('is what was measured here, if it has the figures that are needed', () => {
    const own = resultsOf('own.json', 'latency');
    expect(evidenceFor(options, own)).toMatchObject({
      results: { experiments: [{ name: 'latency' }] },
      words: expect.stringContaining('measured here'),
    });
    const other = evidenceFor({ ...options, needs: { ...USUAL_NEEDS, rate: 5 } }, own);
    expect(other.results).toEqual(shipped);
    expect(other.words).toMatch(/^your own results lack these figures/);
    expect(evidenceFor({ ...options, needs: USUAL_NEEDS }, resultsOf('poison.json', 'poison')).words).toContain(
      'were measured here',
    );
  });

  test('is what the user names, before all else', () => {
    const path = resultsOf('given.json', 'poison');
    expect(evidenceFor({ ...options, results: path, prove: true }).words).toBe(`figures of ${path}`);
  });

  test('is none before a proof, which measures', () => {
    expect(evidenceFor({ ...options, prove: true }, resultsOf('own.json', 'latency')).results).toBeUndefined();
  });

  test('of an older version is refused', () => {
    const path = join(folder, 'old.json');
    writeFileSync(path, '{"version":1,"experiments":[]}');
    expect(() => evidenceFor(options, path)).toThrow(/its version is 1, this is 2: measure again/);
  });
});
