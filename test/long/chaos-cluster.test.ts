import { expect, test } from '@jest/globals';
import { runCampaign } from '../../chaos/campaign.ts';
import { readOptions } from '../../chaos/options.ts';
import { render } from '../../chaos/report.ts';

const SEED = Number(process.env.SEED ?? 1);
/** On a slow machine there may be no primary to which a slot could move when it is its turn: then it goes on with another seed. */
const CAMPAIGNS = 3;
const FAULTS = ['kill-primary', 'migrate', 'kill'];

test('20 s of chaos on a Cluster, whose primaries are killed and whose slots migrate: every promise is kept', async () => {
  const done = new Set<string>();
  for (let seed = SEED; seed < SEED + CAMPAIGNS && !FAULTS.every((fault) => done.has(fault)); seed++) {
    const options = readOptions(['--cluster', '--seconds', '20', '--seed', String(seed)]);
    if (!options) throw new Error('expected options');
    const outcome = await runCampaign(options, () => {}, new AbortController().signal);
    for (const { isDone, planned } of outcome.evidence.faults) if (isDone) done.add(planned.fault);
    expect(outcome.violations.length === 0 ? '' : render(outcome, options)).toBe('');
  }
  expect([...done]).toEqual(expect.arrayContaining(FAULTS));
}, 600_000);
