import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '@redis-messaging/shared/message';

/** Does what is to be done with a message; throws the signal's reason if it must give up before it is done. */
export type Handler = (message: Message, abandon: AbortSignal) => Promise<void>;

/** A handler that takes `seconds` for each message; `undefined` for no work at all, which need not be awaited. */
export function simulatedWork(seconds: number): Handler | undefined {
  if (seconds === 0) return undefined;
  return async (_message, abandon) => {
    await sleep(seconds * 1000, undefined, { signal: abandon });
  };
}
