import { expect, test } from '@jest/globals';
import { Scene } from '../../dashboard/page/stage/scene.ts';
import type { Happened } from '../../dashboard/wire/wire.ts';

const TRAVEL_MS = 500;

/** The chips that are still seen long after these happenings, in their order. */
function leftAfter(...what: readonly Happened['what'][]): number[] {
  const scene = new Scene('reliable-queue', 'leased');
  what.forEach((each, index) => {
    const by = each === 'accepted' ? 'publisher' : 'subscriber';
    const happened: Happened = { at: index, what: each, lane: 'reliable-queue', by, key: 's 5', count: 5 };
    scene.take(happened, index, TRAVEL_MS);
  });
  scene.tidy(60_000);
  return [...scene.chips.values()].map(({ count }) => count);
}

test('what is acknowledged leaves Redis, also if the publisher tells last that it was accepted', () => {
  expect(leftAfter('accepted', 'received', 'handled')).toEqual([5]);
  expect(leftAfter('accepted', 'received', 'handled', 'acknowledged')).toEqual([]);
  expect(leftAfter('received', 'handled', 'acknowledged', 'accepted')).toEqual([]);
  expect(leftAfter('received', 'accepted', 'handled', 'acknowledged')).toEqual([]);
});
