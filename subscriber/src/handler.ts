import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '@redis-messaging/shared/message/message';
import type { Config } from '@redis-messaging/shared/service/config';

/** Does what is to be done with a message, or throws. When the signal aborts it must give up what it has not finished. */
export type Handler = (message: Message, abandon: AbortSignal) => Promise<void>;

/**
 * A handler that takes WORK_TIME, fails for a share of FAIL_RATE, and for those that take longer than HANDLER_TIMEOUT;
 * `undefined` where there is nothing to do, so that nobody need wait for it.
 */
export function simulatedWork({ WORK_TIME, FAIL_RATE, HANDLER_TIMEOUT }: Config): Handler | undefined {
  if (WORK_TIME === 0 && FAIL_RATE === 0) return undefined;
  const work: Handler = async (_message, abandon) => {
    if (WORK_TIME > 0) await sleep(WORK_TIME * 1000, undefined, { signal: abandon });
    if (Math.random() < FAIL_RATE) throw new Error('simulated failure');
  };
  return HANDLER_TIMEOUT === 0 ? work : withTimeout(work, HANDLER_TIMEOUT);
}

/** A handler that fails when it takes longer than `seconds`. */
function withTimeout(handler: Handler, seconds: number): Handler {
  return async (message, abandon) => {
    const timeout = AbortSignal.timeout(seconds * 1000);
    try {
      await handler(message, AbortSignal.any([abandon, timeout]));
    } catch (error) {
      throw timeout.aborted ? new Error(`took longer than ${seconds} s`) : error;
    }
  };
}
