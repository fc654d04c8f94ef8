import { describe, expect, test } from '@jest/globals';
import { BATCH_BYTES, BatchSize } from '@redis-messaging/shared/delivery/batch-size';

const payloads = (count: number, bytes: number) =>
  Array.from({ length: count }, () => ({ payload: Buffer.alloc(bytes) }));

describe('the size of a batch', () => {
  test('begins with 32, or with the limit if that is less', () => {
    expect(new BatchSize(500).current).toBe(32);
    expect(new BatchSize(32).current).toBe(32);
    expect(new BatchSize(7).current).toBe(7);
  });

  test('doubles as long as messages are small, up to the limit', () => {
    const size = new BatchSize(100);
    const seen = Array.from({ length: 4 }, () => {
      size.adapt(payloads(size.current, 10));
      return size.current;
    });
    expect(seen).toEqual([64, 100, 100, 100]);
  });

  test('is as many as fit into the bytes of a batch', () => {
    const size = new BatchSize(500);
    size.adapt(payloads(2, BATCH_BYTES / 8));
    expect(size.current).toBe(8);
    size.adapt(payloads(4, BATCH_BYTES / 5));
    expect(size.current).toBe(5); // rounded down
  });

  test('is one at least, however large a message is, and grows again after it', () => {
    const size = new BatchSize(500);
    size.adapt(payloads(1, 2 * BATCH_BYTES));
    expect(size.current).toBe(1);
    size.adapt(payloads(1, 10));
    expect(size.current).toBe(2);
  });

  test('counts the bytes of all messages, not of one', () => {
    const size = new BatchSize(500);
    size.adapt([...payloads(1, 0), ...payloads(1, BATCH_BYTES)]);
    expect(size.current).toBe(2);
  });

  test('doubles after empty messages', () => {
    const size = new BatchSize(500);
    size.adapt(payloads(32, 0));
    expect(size.current).toBe(64);
  });

  test('aims at 4 MiB', () => {
    expect(BATCH_BYTES).toBe(2_097_152);
  });
});
