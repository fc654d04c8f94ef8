import type { Redis } from '@redis-messaging/shared/redis/client';
import { LongestSilence } from './longest-silence.ts';

/** Leases of these tests are 300 ms and more: ms. */
const DISTURBANCE_MS = 100;
const ATTEMPTS = 5;

/**
 * For tests with short leases, which a process that stands still may lose, as is promised: a test that failed is tried again if Redis or
 * this process stood still meanwhile, as both do on a busy machine. If neither did, the failure stands.
 */
export const undisturbed =
  (redis: () => Redis) =>
  <Parameters extends unknown[]>(run: (...parameters: Parameters) => unknown) =>
  async (...parameters: Parameters): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      using silence = new LongestSilence(redis());
      try {
        await run(...parameters);
        return;
      } catch (error) {
        await silence.heard();
        if (silence.ms < DISTURBANCE_MS || attempt === ATTEMPTS) throw error;
      }
    }
  };
