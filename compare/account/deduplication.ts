import type { Line } from '../../testkit/service-process.ts';
import { idsOf, madeAt } from './lines.ts';
import type { Outage } from './outages.ts';

/** The event of a line that stands for a message that a subscriber handled and could not log any more. */
export const HANDLED = 'handled';

/**
 * Messages that are in no log of a subscriber, but that Redis remembers as handled (DEDUPE_TTL): the subscriber crashed between the
 * acknowledgement and its log line. As many as it had in flight at its crashes, made before one of them; all others stay missing.
 */
export function handledAtCrash(
  published: readonly Line[],
  received: readonly Line[],
  handledIds: ReadonlySet<string>,
  crashes: readonly Outage[],
  most: number,
): Line[] {
  const known = idsOf(received);
  const isBeforeCrash = (line: Line) => crashes.some(({ until }) => madeAt(line) <= until);
  return published
    .filter((line) => handledIds.has(line.id) && !known.has(line.id) && isBeforeCrash(line))
    .slice(0, most * crashes.length)
    .map((line) => ({ ...line, event: HANDLED }));
}
