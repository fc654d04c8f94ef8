import { expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { Flow } from '../scale/flow.ts';
import { useSentinel } from '../scale/use-sentinel.ts';

const FAILOVERS = 10;
jest.setTimeout(600_000);
const sentinel = useSentinel();

test(`${FAILOVERS} failovers under load: what is missing or comes twice was accepted or popped just before one`, async () => {
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
    for (const flow of flows) {
      expect([flow.name, flow.missingBut(deaths)]).toEqual([flow.name, []]);
      expect([flow.name, flow.twiceBut(deaths)]).toEqual([flow.name, []]);
    }
  } finally {
    for (const flow of flows) await flow[Symbol.asyncDispose]();
  }
});
