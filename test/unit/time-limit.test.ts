import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { timeLimit } from '@redis-messaging/shared/messaging/time-limit';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('aborts after its time, although nobody holds but the signal, and garbage is collected', async () => {
  const stop = new AbortController();
  const limit = timeLimit(100, stop.signal);
  for (let round = 0; round < 20 && !limit.aborted; round++) {
    collectGarbage();
    await sleep(20);
  }
  expect(limit.aborted).toBe(true);
  expect(limit.reason.name).toBe('TimeoutError');
});

test('aborts with one of the signals, and says why as that does', () => {
  const stop = new AbortController();
  const limit = timeLimit(60_000, new AbortController().signal, stop.signal);
  expect(limit.aborted).toBe(false);
  stop.abort('stop');
  expect([limit.aborted, limit.reason]).toEqual([true, 'stop']);
});
