import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Message, ReceivedMessage } from '@redis-messaging/shared/message/message';
import type { Handler, HandlerContext } from '@redis-messaging/shared/messaging/consumer/handler';

/** The default export of a file that HANDLER names. */
export type MessageHandler = (message: Message, context: HandlerContext) => unknown;

/**
 * The handler of a file.
 * @param path as HANDLER names it
 * @throws an Error that says what is wrong with the file
 */
export async function loadHandler(path: string): Promise<Handler<ReceivedMessage>> {
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
