import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { Latency } from '@redis-messaging/shared/accounting/latency';
import { DeliveryBuffer } from '@redis-messaging/shared/delivery/delivery-buffer';
import { LogLimiter } from '@redis-messaging/shared/service/log-limiter';
import { createLogger } from '@redis-messaging/shared/service/logger';
import { until } from '../../testkit/until.ts';

const delivery = (number: number, bytes = 4) => {
  const payload = Buffer.alloc(bytes);
  payload.writeInt32LE(number);
  return { payload, receivedAt: 0, attempt: 1 };
};

async function numbers(buffer: DeliveryBuffer): Promise<number[]> {
  const all: number[] = [];
  for (let batch = await buffer.take(100); batch; batch = await buffer.take(100)) {
    expect(batch.length).toBeLessThanOrEqual(100);
    all.push(...batch.map(({ payload }) => payload.readInt32LE()));
  }
  return all;
}

describe('delivery buffer', () => {
  test('passes everything on in order while the handler keeps up', async () => {
    const buffer = new DeliveryBuffer();
    const read = numbers(buffer);
    for (let number = 0; number < 25_000; number++) {
      buffer.push(delivery(number));
      if (number % 1000 === 0) await new Promise(setImmediate);
    }
    buffer.end();
    expect(await read).toEqual(Array.from({ length: 25_000 }, (_, index) => index));
  });

  test.each([
    ['too many', 30_000, 4],
    ['too large', 100, 1024 * 1024],
  ])('drops the oldest when there are %s, and counts them', async (_what, count, bytes) => {
    let dropped = 0;
    const buffer = new DeliveryBuffer((some) => {
      dropped += some;
    });
    for (let number = 0; number < count; number++) buffer.push(delivery(number, bytes));
    buffer.end();
    const kept = await numbers(buffer);
    expect(dropped).toBeGreaterThan(0);
    expect(kept.length + dropped).toBe(count);
    expect(kept[0]).toBe(dropped);
    expect(kept.at(-1)).toBe(count - 1);
    expect(kept.length * bytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(kept.length).toBeLessThanOrEqual(10_000);
  });
});

test('a delivery buffer keeps no memory of what was dropped or taken', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const buffer = new DeliveryBuffer();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let number = 0; number < 200; number++) buffer.push(delivery(number, 1024 * 1024));
  // A collection frees what array buffers held in a thread of its own, some time after it returns.
  const held = () => {
    collect();
    return process.memoryUsage().arrayBuffers - before;
  };
  for (let patience = 100; held() >= 70 * 1024 * 1024 && patience > 0; patience--) await sleep(50);
  expect(held()).toBeLessThan(70 * 1024 * 1024);
});

describe('latency', () => {
  test('reports percentiles in ms, and negative ones apart, never clamped', () => {
    const latency = new Latency();
    expect(latency.report()).toEqual({ p50: null, p95: null, p99: null, max: null, negative: 0 });
    for (let ms = 1; ms <= 100; ms++) latency.record(ms * 1000);
    latency.record(-5000);
    const { p50, p95, p99, max, negative } = latency.report();
    expect(p50).toBeCloseTo(50, 0);
    expect(p95).toBeCloseTo(95, 0);
    expect(p99).toBeCloseTo(99, 0);
    expect(max).toBeCloseTo(100, 0);
    expect(negative).toBe(1);
  });
});

describe('log limiter', () => {
  const LINES = 50_000;
  /** How many of many lines are written, and how many are counted instead. */
  function spend(logLevel: string, level: 'info' | 'warn', format: 'pretty' | 'json' = 'json') {
    let suppressed = 0;
    const log = createLogger({ service: 'test', level: logLevel, format });
    const limiter = new LogLimiter(log, (lines) => {
      suppressed += lines;
    });
    let written = 0;
    for (let line = 0; line < LINES; line++) if (limiter.take(level)) written++;
    limiter.flush();
    return { written, suppressed };
  }

  test.each(['info', 'warn'] as const)('lets 10,000 lines of level %s through as JSON, then counts', (level) => {
    const { written, suppressed } = spend(level, level);
    expect(written).toBeGreaterThanOrEqual(10_000);
    expect(suppressed).toBeGreaterThan(0);
    expect(written + suppressed).toBe(LINES);
  });

  test('lets 200 lines through for people, then counts each second; and shows them again once they are fewer', async () => {
    expect(spend('info', 'info', 'pretty')).toEqual({ written: 200, suppressed: LINES - 200 });

    const summaries: number[] = [];
    const log = createLogger({ service: 'test', level: 'info', format: 'pretty' }).child({ pattern: 'x' });
    const limiter = new LogLimiter(log, (lines) => summaries.push(lines));
    let asked = 0;
    let written = 0;
    const take = () => {
      asked++;
      if (limiter.take('info')) written++;
    };
    const summary = async (count: number) =>
      await until('a summary', () => {
        for (let line = 0; line < 20; line++) take();
        return summaries.length === count;
      });
    await summary(2);
    expect(written).toBe(200);
    expect(summaries[0]).toBeGreaterThan(200);
    await until('a line again', () => {
      take();
      return written > 200;
    });
    expect(written).toBe(201);
    expect(summaries.reduce((sum, lines) => sum + lines) + written).toBe(asked);
  });

  test('at debug all are let through', () => {
    expect(spend('debug', 'info')).toEqual({ written: LINES, suppressed: 0 });
    expect(spend('debug', 'info', 'pretty')).toEqual({ written: LINES, suppressed: 0 });
  });

  test('below the level of the log there is nothing to write or to count', () => {
    expect(spend('warn', 'info')).toEqual({ written: 0, suppressed: 0 });
  });
});
