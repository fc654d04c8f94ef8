import { NOTICE_MS, type Outage } from '../../account/outages.ts';
import type { Testbed } from '../../testbed/testbed.ts';

/** How the instances of a subscriber end. */
interface Ends {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly times: number;
  /** How long there is no instance after each: ms. */
  readonly absenceMs: number;
}

/** Slow enough that something is in flight at each end. */
export const WORK_SECONDS = 0.0005;

/**
 * Publishes while a subscriber ends several times, at moments from the seed, and is started again each time; then settles.
 * @returns each end, from the signal until Redis must have noticed it: then it tells publishers that nobody listens
 */
export async function publishDuringRestarts(testbed: Testbed, { signal, times, absenceMs }: Ends): Promise<Outage[]> {
  const { services, faults, waits } = testbed;
  const start = () => services.subscriber('A', { WORK_TIME: WORK_SECONDS });
  const ends: Outage[] = [];
  let subscriber = await start();
  await services.publisher();
  for (const pause of faults.moments(times, 0.1, 0.8 / times)) {
    await waits.sleep(pause);
    const from = faults.record(`${signal} after ${pause} ms`);
    await subscriber.stop(signal);
    ends.push({ from, until: Date.now() + NOTICE_MS });
    await waits.sleep(absenceMs);
    subscriber = await start();
    faults.event('the next instance is ready');
  }
  await waits.settled();
  return ends;
}
