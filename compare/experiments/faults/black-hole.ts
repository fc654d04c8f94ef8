import { brokenConnection } from './broken-connection.ts';

/** Longer than it takes a service to find a dead connection (3 s). */
const BLACK_HOLE_MS = 3500;

export const blackHole = brokenConnection({
  name: 'black-hole',
  question: "The subscriber's connection goes silent without an error: does it recover, and what is lost?",
  seconds: 11,
  step: `for ${BLACK_HOLE_MS / 1000} s everything on the subscriber's connection disappears, from a moment of the seed on`,

  async inject({ faults, waits }, line, subscriber) {
    const [pause = 0] = faults.moments(1, 0.1, 0.5);
    await waits.sleep(pause);
    const from = faults.record(`black hole after ${pause} ms`);
    line.swallow();
    await waits.sleep(BLACK_HOLE_MS);
    faults.event('the line is open again');
    line.pass();
    return [{ from, until: await waits.reconnected(subscriber, 1) }];
  },
});
