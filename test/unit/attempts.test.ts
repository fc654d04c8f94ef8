import { describe, expect, test } from '@jest/globals';
import { rejectExhausted } from '@redis-messaging/shared/delivery/giving-up';

describe('attempts that are used up', () => {
  const delivery = (attempt: number) => ({ payload: Buffer.from(`attempt ${attempt}`), attempt, receivedAt: 0 });

  test('mean rejection, with the reason, and the others go on', async () => {
    const told: string[] = [];
    const left = await rejectExhausted(
      [delivery(1), delivery(4), delivery(3), delivery(9)],
      { maxAttempts: 3, onExhausted: (payload, reason) => told.push(`dead: ${payload}: ${reason}`) },
      async ({ attempt }, reason) => {
        told.push(`rejected: ${attempt}: ${reason}`);
        return 'dead';
      },
    );
    expect(left.map(({ attempt }) => attempt)).toEqual([1, 3]);
    expect(told).toEqual([
      'rejected: 4: delivered 3 times and never acknowledged',
      'dead: attempt 4: delivered 3 times and never acknowledged',
      'rejected: 9: delivered 8 times and never acknowledged',
      'dead: attempt 9: delivered 8 times and never acknowledged',
    ]);
  });

  test('need nobody who is told', async () => {
    const rejected: number[] = [];
    const reject = async ({ attempt }: { readonly attempt: number }) => {
      rejected.push(attempt);
      return 'dead' as const;
    };
    expect(await rejectExhausted([delivery(2)], { maxAttempts: 1 }, reject)).toEqual([]);
    expect(rejected).toEqual([2]);
  });

  test('are told of only after the rejection', async () => {
    const told: string[] = [];
    const failing = rejectExhausted([delivery(2)], { maxAttempts: 1, onExhausted: () => told.push('dead') }, () =>
      Promise.reject(new Error('no Redis')),
    );
    await expect(failing).rejects.toThrow('no Redis');
    expect(told).toEqual([]);
  });
});
