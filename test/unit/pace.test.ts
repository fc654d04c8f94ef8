import { describe, expect, test } from '@jest/globals';
import { type Clock, pace } from '../../publisher/src/pace.ts';

/** A clock that stands still but for sleeping and `advance`. */
function handClock(lateBy = 0) {
  let time = 1000;
  const clock: Clock = {
    now: () => time,
    sleep: async (ms) => {
      time += ms + lateBy;
    },
  };
  return {
    clock,
    advance: (ms: number) => {
      time += ms;
    },
    elapsed: () => time - 1000,
  };
}

const forever = new AbortController().signal;

describe('pace', () => {
  test('does not drift, however late the timers and however long the work', async () => {
    const { clock, advance, elapsed } = handClock(3);
    const times: number[] = [];
    let made = 0;
    for await (const due of pace({ intervalMs: 100, count: 50, batch: 500, signal: forever, clock })) {
      made += due.length;
      times.push(elapsed());
      advance(60);
    }
    expect(made).toBe(50);
    expect(times[0]).toBe(0);
    expect(times.every((time, index) => time >= index * 100 && time <= index * 100 + 3)).toBe(true);
  });

  test('what became due during a pause comes at once, in batches of the limit', async () => {
    const { clock, advance } = handClock();
    const sizes: number[] = [];
    for await (const due of pace({ intervalMs: 1, count: 1700, batch: 500, signal: forever, clock })) {
      sizes.push(due.length);
      if (sizes.length === 1) advance(1200);
    }
    expect(sizes.slice(0, 4)).toEqual([1, 500, 500, 200]);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1700);
  });

  test('tells how late each message is', async () => {
    const { clock, advance } = handClock();
    const late: (readonly number[])[] = [];
    for await (const due of pace({ intervalMs: 10, count: 5, batch: 500, signal: forever, clock })) {
      late.push(due);
      if (late.length === 1) advance(25);
    }
    expect(late).toEqual([[0], [15, 5], [0], [0]]);
  });

  test('interval 0 never waits and keeps to the count', async () => {
    const clock: Clock = { now: () => 0, sleep: () => Promise.reject(new Error('waited')) };
    const sizes: number[] = [];
    for await (const due of pace({ intervalMs: 0, count: 1234, batch: 500, signal: forever, clock }))
      sizes.push(due.length);
    expect(sizes).toEqual([500, 500, 234]);
  });

  test('waits until the next message is due, and not for what has been awaited already', async () => {
    const waited: number[] = [];
    const { clock, advance } = handClock();
    const watched: Clock = {
      now: clock.now,
      sleep: (ms, signal) => {
        waited.push(ms);
        expect(signal).toBe(forever);
        return clock.sleep(ms, signal);
      },
    };
    for await (const _ of pace({ intervalMs: 100, count: 4, batch: 500, signal: forever, clock: watched })) advance(30);
    expect(waited).toEqual([70, 70, 70]);
  });

  test('waits for 1 ms at least, so that a short interval does not keep the process busy', async () => {
    const waited: number[] = [];
    const { clock } = handClock();
    const watched: Clock = {
      now: clock.now,
      sleep: (ms, signal) => {
        waited.push(ms);
        return clock.sleep(ms, signal);
      },
    };
    const sizes: number[] = [];
    for await (const due of pace({ intervalMs: 0.25, count: 10, batch: 500, signal: forever, clock: watched }))
      sizes.push(due.length);
    expect(waited).toEqual([1, 1, 1]);
    expect(sizes).toEqual([1, 4, 4, 1]);
  });

  test('with interval 0 nothing is late', async () => {
    const { clock, advance } = handClock();
    const late: (readonly number[])[] = [];
    for await (const due of pace({ intervalMs: 0, count: 3, batch: 2, signal: forever, clock })) {
      late.push(due);
      advance(25);
    }
    expect(late).toEqual([[0, 0], [0]]);
  });

  test('of no messages is nothing', async () => {
    const batches = [];
    for await (const due of pace({ intervalMs: 1, count: 0, batch: 5, signal: forever, ...handClock() }))
      batches.push(due);
    expect(batches).toEqual([]);
  });

  test('with a signal that has been given is nothing', async () => {
    const batches = [];
    for await (const due of pace({ intervalMs: 1, count: 5, batch: 5, signal: AbortSignal.abort(), ...handClock() }))
      batches.push(due);
    expect(batches).toEqual([]);
  });

  test('ends with the signal, also while it waits on the clock of this machine', async () => {
    const stop = new AbortController();
    let made = 0;
    for await (const due of pace({ intervalMs: 3_600_000, count: 5, batch: 500, signal: stop.signal })) {
      made += due.length;
      setImmediate(() => stop.abort());
    }
    expect(made).toBe(1);
  });
});
