import type { Counts } from '../measure/result.ts';

/** Whether every message is in one place: made = accepted + refused + unconfirmed + buffered, and the accepted ones for each audience. */
export function isBalanced(counts: Counts): boolean {
  const { made, accepted, refused, unconfirmed, buffered } = counts;
  const { audiences, received, waiting, inFlight, dead, lost } = counts;
  const all = [made, accepted, refused, unconfirmed, buffered, received, waiting, inFlight, dead, lost];
  return (
    all.every((count) => count >= 0) &&
    made === accepted + refused + unconfirmed + buffered &&
    accepted * audiences === received + waiting + inFlight + dead + lost
  );
}

/** Messages that were made and reached nobody, though they should have, and will not: lost, refused, or perhaps never taken. */
export function notDelivered({ lost, refused, unconfirmed, buffered, audiences }: Counts): number {
  return lost + (refused + unconfirmed + buffered) * Math.max(1, audiences);
}
