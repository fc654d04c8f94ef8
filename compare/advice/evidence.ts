import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Results } from '../measure/result.ts';
import { readBaseline } from '../verdict/baseline.ts';
import { type AdviseOptions, DEFAULT_RESULTS, type Needs } from './needs.ts';

/** Of a run of the comparison that comes with the project. */
const SHIPPED = fileURLToPath(new URL('../../docs/compare.json', import.meta.url));
const SHIPPED_NAME = 'docs/compare.json';

/** The figures that advice is computed from, and where they are from, in words. */
export interface Evidence {
  readonly results: Results | undefined;
  readonly words: string;
}

/**
 * The figures of the given file; else those that were measured here, if they have what the needs ask for; else those that come with
 * the project. With --prove none, because they will be measured. @throws OptionsError if a file cannot be read
 *
 * @param ownPath where the latest results of this machine are, if there are any
 */
export function evidenceFor(
  { needs, results: path, prove }: Pick<AdviseOptions, 'needs' | 'results' | 'prove'>,
  ownPath = DEFAULT_RESULTS,
): Evidence {
  if (path !== undefined) return { results: readBaseline(path, '--results'), words: `figures of ${path}` };
  if (prove) return { results: undefined, words: "the patterns' guarantees" };
  const own = existsSync(ownPath) ? readBaseline(ownPath, '--results') : undefined;
  if (own && hasFigures(own, needs)) return { results: own, words: `figures that were measured here (${ownPath})` };
  const shipped = readBaseline(SHIPPED, '--results');
  const { machine, startedAt } = shipped;
  const where = `${startedAt.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ${machine.redis}`;
  const here = own ? 'your own results lack these figures' : 'nothing was measured here';
  return {
    results: shipped,
    words: `${here}, so these are the figures that come with the project (${SHIPPED_NAME}: ${where}); npm run compare measures yours`,
  };
}

/** Whether results have the figures that the needs are about. */
function hasFigures({ experiments }: Results, { p99, rate }: Needs): boolean {
  const has = (name: string) => experiments.some((each) => each.name === name && Object.keys(each.patterns).length > 0);
  return (p99 === undefined || has('latency')) && (rate === undefined || has('throughput'));
}
