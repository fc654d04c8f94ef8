import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { type Fault, nothing, oneOf } from './fault.ts';

const LARGE = 1024 * 1024;
const DEEP = 50_000;

/** Payloads that cannot be handled, each with the time in it, so that no two are the same. */
const kinds: Readonly<Record<string, (pattern: string) => Buffer>> = {
  'bytes that are no text': () => Buffer.concat([Buffer.from([0xff, 0x00, 0xc3]), Buffer.from(stamp())]),
  'JSON of the wrong shape': () => Buffer.from(`{"id":"${stamp()}","message":[]}`),
  'JSON that is cut off': () => Buffer.from(`{"id":"${stamp()}`),
  'a megabyte': () => Buffer.alloc(LARGE, `${stamp()} `),
  'deep JSON': () => Buffer.from(`${'['.repeat(DEEP)}"${stamp()}"${']'.repeat(DEEP)}`),
  'a message whose handler fails': (pattern) => {
    const message = makeMessage(pattern, 1);
    return Buffer.from(encode({ ...message, message: `poison ${stamp()}` }));
  },
};

let made = 0;
const stamp = () => `${process.pid}-${++made}`;

export const poison: Fault = {
  name: 'poison',
  about: 'payloads that cannot be handled, by every pattern',
  lasts: [0, 0],
  async inject(system, random) {
    const kind = oneOf(Object.keys(kinds), random);
    const accepted = await system.poisonWith(kinds[kind] as (pattern: string) => Buffer);
    return { what: `poison (${kind}), accepted by ${accepted} patterns`, undo: nothing };
  },
};
