import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { Handler } from '@redis-messaging/shared/messaging/consumer/handler';

/** What simulated work is like. */
export interface Work {
  /** Seconds for each message, at the pace 1. */
  readonly workTime: number;
  /** The share of messages whose work fails. */
  readonly failRate: number;
  /** 0.1 to 1: how fast time runs. */
  readonly pace: number;
}

/** A handler that takes its time, and fails for a share of the messages; `undefined` where there is nothing to do. */
export function simulatedWork({ workTime, failRate, pace }: Work): Handler<ReceivedMessage> | undefined {
  const mayFail = () => {
    if (Math.random() < failRate) throw new Error('simulated failure');
  };
  if (workTime > 0) {
    return async (_message, { signal }) => {
      await sleep((workTime * 1000) / pace, undefined, { signal });
      mayFail();
    };
  }
  return failRate > 0 ? mayFail : undefined;
}
