import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Message, ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { Handler, HandlerContext } from '@redis-messaging/shared/messaging/consumer/handler';
import type { Config } from '@redis-messaging/shared/service/config';

/** The default export of a file that HANDLER names. */
export type MessageHandler = (message: Message, context: HandlerContext) => unknown;

/**
 * The handler of the file that HANDLER names; else simulated work; `undefined` where there is nothing to do.
 * @throws an Error that says what is wrong with the file
 */
export async function handlerOf(config: Config): Promise<Handler<ReceivedMessage> | undefined> {
  return config.HANDLER === '' ? simulatedWork(config) : await loadHandler(config.HANDLER);
}

/** Work that takes WORK_TIME and fails for a share of FAIL_RATE. */
function simulatedWork({ WORK_TIME, FAIL_RATE }: Config): Handler<ReceivedMessage> | undefined {
  const mayFail = () => {
    if (Math.random() < FAIL_RATE) throw new Error('simulated failure');
  };
  if (WORK_TIME > 0) {
    return async (_message, { signal }) => {
      await sleep(WORK_TIME * 1000, undefined, { signal });
      mayFail();
    };
  }
  return FAIL_RATE > 0 ? mayFail : undefined;
}

async function loadHandler(path: string): Promise<Handler<ReceivedMessage>> {
  let handle: unknown;
  try {
    ({ default: handle } = await import(pathToFileURL(resolve(path)).href));
  } catch (error) {
    throw new Error(`HANDLER=${path} cannot be loaded: ${(error as Error).message}`);
  }
  if (typeof handle !== 'function')
    throw new Error(
      `HANDLER=${path} exports no handler: expected \`export default (message, { id, attempt, signal }) => …\``,
    );
  return ({ message }, context) => (handle as MessageHandler)(message, context);
}
