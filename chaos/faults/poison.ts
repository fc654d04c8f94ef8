import { setTimeout as sleep } from 'node:timers/promises';
import { encode, makeMessage } from '@redis-messaging/shared/message/message';
import { type Fault, oneOf, type Random } from './fault.ts';

const EVERY_MS = 250;
const LARGE = 1024 * 1024;
const DEEP = 50_000;

/** Payloads that cannot be handled, each with its stamp near the beginning. */
const kinds: readonly ((stamp: string, pattern: string) => Buffer)[] = [
  (stamp) => Buffer.concat([Buffer.from(stamp), Buffer.from([0xff, 0x00, 0xc3])]),
  (stamp) => Buffer.from(`{"id":"${stamp}","message":[]}`),
  (stamp) => Buffer.from(`{"id":"${stamp}`),
  (stamp) => Buffer.alloc(LARGE, `${stamp} `),
  (stamp) => Buffer.from(`["${stamp}",${'['.repeat(DEEP)}${']'.repeat(DEEP)}]`),
  (stamp, pattern) => {
    const message = makeMessage(pattern, 1);
    return Buffer.from(encode({ ...message, message: `poison ${stamp}` })); // the handler fails
  },
];

let made = 0;

export const poison: Fault = {
  name: 'poison',
  about: 'payloads that cannot be handled, again and again, by every pattern',
  lasts: [4000, 15_000],
  async inject(system, random) {
    const stop = new AbortController();
    const pouring = pour(system, random, stop.signal);
    return {
      what: 'poison',
      async undo() {
        stop.abort();
        await pouring;
      },
    };
  },
};

async function pour(system: Parameters<Fault['inject']>[0], random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const kind = oneOf(kinds, random);
    const stamp = `chaos-${++made}-`;
    await system.poisonWith(stamp, (pattern) => kind(stamp, pattern));
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
