import { expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { Flow } from '../scale/flow.ts';
import { useSentinel } from '../scale/use-sentinel.ts';

const FAILOVERS = 10;
/** Replication is a moment behind: what was accepted longer before a primary's death is on its replica. In ms. */
const BEHIND_MS = 1000;
jest.setTimeout(600_000);
const sentinel = useSentinel();

test(`${FAILOVERS} failovers under load: what is missing was accepted just before one, and nothing is sent again behind the account`, async () => {
  await sentinel.replicated();
  const flows = patterns.map((pattern) => new Flow(sentinel.source(), pattern, `often-${pattern.name}`));
  const deaths: number[] = [];
  try {
    for (let number = 0; number < FAILOVERS; number++) {
      await sentinel.replicated();
      await Promise.all(flows.map((flow) => flow.goesOn()));
      deaths.push(await sentinel.failover());
    }
    await Promise.all(flows.map((flow) => flow.goesOn()));
    for (const flow of flows) await flow.settle();
    for (const { pattern, missing, handled, accepted } of flows) {
      const { keepsUnread, delivery } = pattern.guarantees;
      const isExplained = (at: number) => deaths.some((death) => at > death - BEHIND_MS && at < death + BEHIND_MS);
      const unexplained = missing.filter((value) => !isExplained(accepted.get(value) as number));
      if (keepsUnread) expect([pattern.name, unexplained]).toEqual([pattern.name, []]);
      if (delivery === 'at-most-once')
        expect([pattern.name, handled.length]).toEqual([pattern.name, new Set(handled).size]);
    }
  } finally {
    for (const flow of flows) await flow[Symbol.asyncDispose]();
  }
});
