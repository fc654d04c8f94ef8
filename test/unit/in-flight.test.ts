import { expect, test } from '@jest/globals';
import type { Delivery } from '@redis-messaging/shared/delivery/delivery';
import { InFlight } from '@redis-messaging/shared/patterns/in-flight';
import { seeded } from '../../testkit/random.ts';

const SEED = Number(process.env.SEED ?? 1);

let made = 0;
const payload = Buffer.from('the same for all');
const deliveries = (count: number, hasId: boolean): Delivery[] =>
  Array.from({ length: count }, () => {
    const delivery = { payload, receivedAt: 0, attempt: 1 };
    return hasId ? { ...delivery, id: `1-${++made}` } : delivery;
  });

test.each([
  ['by their ids', true],
  ['by themselves', false],
])(`deliveries are in flight until they are removed, in whatever order: known %s (seed ${SEED})`, (_how, hasId) => {
  const random = seeded(SEED);
  const inFlight = new InFlight();
  let oracle: Delivery[] = [];
  const removed: Delivery[] = [];
  for (let step = 0; step < 3000; step++) {
    const count = 1 + random(random(4) === 0 ? 600 : 5);
    if (random(2) === 0) {
      const more = deliveries(count, hasId);
      inFlight.add(more);
      oracle.push(...more);
    } else {
      const from = random(3) === 0 ? random(Math.max(1, oracle.length)) : 0;
      const gone = oracle.slice(from, from + count);
      removed.push(...gone);
      // What is known by its id is removed whatever object stands for it; what is not in flight any more does no harm.
      const again = random(2) === 0 ? removed[random(Math.max(1, removed.length))] : undefined;
      inFlight.remove([...gone.map((each) => (hasId ? { ...each } : each)), ...(again ? [again] : [])]);
      const left = new Set(gone);
      oracle = oracle.filter((each) => !left.has(each));
    }
    expect(inFlight.size).toBe(oracle.length);
    if (step % 10 !== 0) continue;
    const oldest = oracle.slice(0, random(oracle.length + 1));
    const swapped =
      oldest.length > 1 ? [...oldest.slice(0, -2), ...oldest.slice(-2).reverse()] : [...deliveries(1, hasId)];
    expect(inFlight.beginsWith(oldest)).toBe(true);
    expect(inFlight.beginsWith(oracle)).toBe(true);
    expect(inFlight.beginsWith(swapped)).toBe(false);
    expect(inFlight.beginsWith([...oracle, ...deliveries(1, hasId)])).toBe(false);
    if (oracle.length > 1) expect(inFlight.beginsWith(oracle.slice(1))).toBe(false);
  }
  expect([...inFlight]).toEqual(oracle);
  expect(inFlight.hasAll(oracle)).toBe(true);
  expect(oracle.length).toBeGreaterThan(0);
  expect(removed.length).toBeGreaterThan(1000);
  for (const gone of removed.slice(-1000)) {
    expect(inFlight.has(gone.id ?? gone)).toBe(false);
    expect(inFlight.hasAll([...oracle.slice(0, 3), gone])).toBe(false);
  }
});
