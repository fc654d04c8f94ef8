import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { ServiceProcess } from '../../testkit/service-process.ts';

/** Redis is asked so often: ms. */
const ASK_EVERY_MS = 20;

/** A Redis that answers nothing for so long (ms), at a stop, may hand over what is no longer waited for: a batch at the most. */
const TOO_LONG_MS = 1000;

/** For how long Redis has not answered at the most (ms), so far, or this process has not heard it. */
export class LongestSilence implements Disposable {
  ms = 0;
  #isOver = false;
  #listening: Promise<void>;

  constructor(redis: Redis) {
    this.#listening = this.#listen(redis);
  }

  /** Ends, when the last answer is there. */
  async heard(): Promise<void> {
    this.#isOver = true;
    await this.#listening;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }

  async #listen(redis: Redis): Promise<void> {
    while (!this.#isOver) {
      const before = performance.now();
      await redis.ping().catch(() => {});
      await sleep(ASK_EVERY_MS);
      this.ms = Math.max(this.ms, performance.now() - before - ASK_EVERY_MS);
    }
  }
}

/** Has a service end in order. @returns whether Redis answered meanwhile, so that the stop may cost nothing */
export async function stopsUndisturbed(redis: Redis, service: ServiceProcess): Promise<boolean> {
  using silence = new LongestSilence(redis);
  expect(await service.stop()).toBe(0);
  await silence.heard();
  return silence.ms < TOO_LONG_MS;
}
