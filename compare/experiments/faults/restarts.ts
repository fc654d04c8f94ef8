import type { Testbed } from '../../testbed/testbed.ts';

/** How the instances of a subscriber end. */
interface Ends {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly times: number;
  /** How long there is no instance after each: ms. */
  readonly absenceMs: number;
}

/** Slow enough that something is in flight at each end. */
const WORK_SECONDS = 0.0005;

/** Publishes while a subscriber ends several times, at moments from the seed, and is started again each time; then settles. */
export async function publishDuringRestarts(testbed: Testbed, { signal, times, absenceMs }: Ends): Promise<void> {
  const { services, faults, waits } = testbed;
  const start = () => services.subscriber('A', { WORK_TIME: WORK_SECONDS });
  let subscriber = await start();
  await services.publisher();
  for (const pause of faults.moments(times, 0.1, 0.8 / times)) {
    await waits.sleep(pause);
    faults.record(`${signal} after ${pause} ms`);
    await subscriber.stop(signal);
    await waits.sleep(absenceMs);
    subscriber = await start();
  }
  await waits.settled();
}
