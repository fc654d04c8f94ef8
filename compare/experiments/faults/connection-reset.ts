import type { Outage } from '../../account/outages.ts';
import { brokenConnection } from './broken-connection.ts';

const RESETS = 3;

export const connectionReset = brokenConnection({
  name: 'connection-reset',
  question: "The subscriber's connection is reset several times: what is lost, what is delivered twice?",
  seconds: 6,
  step: `the subscriber's connection is reset ${RESETS} times, at moments from the seed, when it is there again`,

  async inject({ faults, waits }, line, subscriber) {
    const outages: Outage[] = [];
    for (const pause of faults.moments(RESETS, 0.1, 0.9 / RESETS)) {
      await waits.sleep(pause);
      const before = subscriber.events('reconnected').length;
      const from = faults.record(`reset after ${pause} ms`);
      line.reset();
      outages.push({ from, until: await waits.reconnected(subscriber, before + 1) });
    }
    return outages;
  },
});
