import type { Message } from '@redis-messaging/shared/message/message';

/** A handler for HANDLER in TypeScript: says each message loudly, and fails for every second one at its first attempt. */
export default ({ message, count }: Message, { attempt }: { attempt: number }): void => {
  if (count % 2 === 0 && attempt === 1) throw new Error('not yet');
  console.log(`handled ${message.toUpperCase()}`);
};
