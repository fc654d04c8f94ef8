import { brokenConnection } from './broken-connection.ts';

const RESETS = 3;

export const connectionReset = brokenConnection({
  name: 'connection-reset',
  question: "The subscriber's connection is reset several times: what is lost, what is delivered twice?",
  seconds: 6,
  step: `the subscriber's connection is reset ${RESETS} times, at moments from the seed`,

  async inject({ faults, waits }, line) {
    for (const pause of faults.moments(RESETS, 0.1, 0.9 / RESETS)) {
      await waits.sleep(pause);
      faults.record(`reset after ${pause} ms`);
      line.reset();
    }
  },
});
