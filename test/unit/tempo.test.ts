import { describe, expect, test } from '@jest/globals';
import { type Clock, pace } from '../../publisher/src/pace.ts';
import { Tempo } from '../../publisher/src/tempo.ts';

const forever = new AbortController().signal;

/** When messages are made (ms), and how late each is, while something happens at certain times: a message is made in no time. */
async function made(tempo: Tempo, until: number, happenings: Readonly<Record<number, () => void>>, count = 10_000) {
  const stop = new AbortController();
  let time = 0;
  const left = new Map(Object.entries(happenings).map(([at, happen]) => [Number(at), happen]));
  const clock: Clock = {
    now: () => time,
    sleep: async (ms) => {
      const end = time + ms;
      const next = Math.min(until, ...left.keys());
      time = Math.min(end, next);
      if (end < next) return;
      left.get(next)?.();
      left.delete(next);
      if (time >= until) stop.abort();
    },
  };
  const times: number[] = [];
  const late: number[] = [];
  for await (const due of pace({ intervalMs: 0, tempo, count, batch: 500, signal: stop.signal, clock })) {
    for (const ms of due) times.push(time) && late.push(ms);
  }
  return { times, late };
}

describe('the tempo', () => {
  test('another interval holds from the last message on, or from now if that is over', async () => {
    const tempo = new Tempo(100);
    const { times, late } = await made(tempo, 1000, {
      250: () => tempo.set({ intervalMs: 200 }),
      700: () => tempo.set({ intervalMs: 50 }),
      860: () => tempo.set({ intervalMs: 10_000 }),
    });
    expect(times).toEqual([0, 100, 200, 400, 600, 700, 750, 800, 850]);
    expect(late.every((ms) => ms === 0)).toBe(true);
  });

  test('a pause makes nothing, and is not made up for', async () => {
    const tempo = new Tempo(100);
    const { times } = await made(tempo, 1000, {
      150: () => tempo.set({ isPaused: true }),
      730: () => tempo.set({ isPaused: false }),
    });
    expect(times).toEqual([0, 100, 730, 830, 930]);
  });

  test('after a short pause, the next message is due when it was', async () => {
    const tempo = new Tempo(100);
    const { times } = await made(tempo, 350, {
      110: () => tempo.set({ isPaused: true }),
      120: () => tempo.set({ isPaused: false }),
    });
    expect(times).toEqual([0, 100, 200, 300]);
  });

  test('slow motion stretches the interval', async () => {
    const tempo = new Tempo(50);
    const { times } = await made(tempo, 1200, { 60: () => tempo.set({ factor: 0.1 }) });
    expect(times).toEqual([0, 50, 550, 1050]);
    expect([tempo.intervalMs, tempo.factor, tempo.currentMs]).toEqual([50, 0.1, 500]);
  });

  test('further messages come at once, also in a pause, and the pace goes on', async () => {
    const tempo = new Tempo(100);
    const { times } = await made(tempo, 400, {
      130: () => tempo.add(2),
      210: () => tempo.set({ isPaused: true }),
      250: () => tempo.add(1),
    });
    expect(times).toEqual([0, 100, 130, 130, 200, 250]);
  });

  test('further messages count, and come in batches', async () => {
    const tempo = new Tempo(100);
    tempo.add(1200);
    const { times } = await made(tempo, 1000, {}, 1100);
    expect(times).toHaveLength(1100);
    expect(times.every((time) => time === 0)).toBe(true);
  });

  test('from no waiting to waiting, and back', async () => {
    const tempo = new Tempo(0);
    const sizes: number[] = [];
    const waited: number[] = [];
    const clock: Clock = {
      now: () => 0,
      sleep: async (ms) => {
        waited.push(ms);
        tempo.set({ intervalMs: 0 });
      },
    };
    for await (const due of pace({ intervalMs: 0, tempo, count: 1501, batch: 500, signal: forever, clock })) {
      sizes.push(due.length);
      if (sizes.length === 2) tempo.set({ intervalMs: 1000 });
    }
    expect(sizes).toEqual([500, 500, 500, 1]);
    expect(waited).toEqual([1000]);
  });

  test('on the clock of this machine, a change is heard while it waits; so is the end', async () => {
    const stop = new AbortController();
    const tempo = new Tempo(3_600_000, stop.signal);
    let messages = 0;
    for await (const due of pace({ intervalMs: 0, tempo, count: 100, batch: 500, signal: stop.signal })) {
      messages += due.length;
      setImmediate(() => {
        if (messages === 1) tempo.add(2);
        else if (messages === 3) tempo.set({ isPaused: true });
      });
      if (messages === 3) setTimeout(() => stop.abort(), 20);
    }
    expect(messages).toBe(3);
  });
});
