import { expect, test } from '@jest/globals';
import { runCampaign } from '../../chaos/campaign.ts';
import { readOptions } from '../../chaos/options.ts';
import { render } from '../../chaos/report.ts';

const SEED = process.env.SEED ?? '1';

test('20 s of chaos on a Cluster, whose primaries are killed and whose slots migrate: every promise is kept', async () => {
  const options = readOptions(['--cluster', '--seconds', '20', '--seed', SEED]);
  if (!options) throw new Error('expected options');
  const outcome = await runCampaign(options, () => {}, new AbortController().signal);
  const done = new Set(outcome.evidence.faults.filter(({ isDone }) => isDone).map(({ planned }) => planned.fault));
  expect([...done]).toEqual(expect.arrayContaining(['kill-primary', 'migrate', 'kill']));
  expect(outcome.violations.length === 0 ? '' : render(outcome, options)).toBe('');
}, 400_000);
