import type { Stage } from './stage.ts';

/** How the lives of a subscriber end. */
interface Ends {
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly times: number;
  /** How long nobody is there after each: ms. */
  readonly absenceMs: number;
}

/** Slow enough that something is in hand at each end. */
const WORK_SECONDS = 0.0005;

/** Publishes while a subscriber ends several times, at moments from the seed, and starts again each time; then settles. */
export async function publishToLives(stage: Stage, { signal, times, absenceMs }: Ends): Promise<void> {
  const start = () => stage.subscriber('A', { WORK_TIME: WORK_SECONDS });
  let subscriber = await start();
  await stage.publisher();
  for (const pause of stage.moments(times, 0.1, 0.8 / times)) {
    await stage.sleep(pause);
    stage.fault(`${signal} after ${pause} ms`);
    await subscriber.stop(signal);
    await stage.sleep(absenceMs);
    subscriber = await start();
  }
  await stage.settle();
}
