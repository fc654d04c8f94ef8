import type { Line, ServiceProcess } from '../../testkit/service-process.ts';
import type { Audience, PossibleCause } from './causes.ts';
import { idsOf, madeAt, writtenAt } from './lines.ts';

/** A time in which a subscriber could not receive: from the fault until it was back, by its own log. ms since 1970. */
export interface Outage {
  readonly from: number;
  readonly until: number;
}

/** Redis may need this long to find that a client is gone, and sends to it until then: ms. */
export const NOTICE_MS = 250;
/** Log lines have times of whole milliseconds. */
const CLOCK_MS = 1;
/** Messages that may wait for a handler are as many as are handled in this time (ms), and no more than `MOST_AHEAD`. */
const AHEAD_MS = 100;
const MOST_AHEAD = 500;

/** The most that a subscriber has in flight. @param workSeconds what handling one message takes, at least */
export const mostInFlight = (workSeconds = 0): number =>
  1 + Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / (1000 * workSeconds)));

/** When a service was not connected, by its own log. @param from when the first time began, which it notices later: ms since 1970 */
export function disconnections(service: ServiceProcess, from: number): Outage[] {
  const backs = service.events('reconnected').map(writtenAt);
  return service.events('disconnected').map((line, index) => ({
    from: index === 0 ? from : writtenAt(line),
    until: backs[index] ?? Number.POSITIVE_INFINITY,
  }));
}

/**
 * Pushed, in order, to a subscriber that could not receive: behind the last message from before the outage that it did receive, and
 * made before it was back.
 */
export const pushedDuring = (cause: string, outages: readonly Outage[]): PossibleCause => ({
  cause,
  explains(missing, audience) {
    const places = new Map(audience.accepted.map(({ id }, place) => [id, place]));
    const place = ({ id }: Line) => places.get(id) as number;
    const received = idsOf(audience.deliveries);
    const receivedLines = audience.accepted.filter(({ id }) => received.has(id));
    const periods = outages.map(({ from, until }) => ({
      behind: Math.max(-1, ...receivedLines.filter((line) => madeAt(line) <= from).map(place)),
      until,
    }));
    return missing.filter((line) =>
      periods.some(({ behind, until }) => place(line) > behind && madeAt(line) <= until + CLOCK_MS),
    );
  },
});

/**
 * Popped by a subscriber that was cut off before it handled them: for each outage one row of messages without a gap, as it popped
 * them in order, none of them made after the outage, and what comes behind them received after it began.
 *
 * @param most in flight at an outage
 */
export const poppedBefore = (cause: string, outages: readonly Outage[], most: number): PossibleCause => ({
  cause,
  explains(missing, audience) {
    const free = [...outages];
    return rowsOf(missing, audience).flatMap(({ lines, nextAt }) => {
      const fits = ({ from, until }: Outage) =>
        nextAt >= from && lines.every((line) => madeAt(line) <= until + CLOCK_MS);
      const used = free.filter(fits).slice(0, Math.ceil(lines.length / most));
      for (const outage of used) free.splice(free.indexOf(outage), 1);
      return lines.slice(0, used.length * most);
    });
  },
});

interface Row {
  readonly lines: Line[];
  /** When the message behind them was received: ms since 1970; infinite, if none is behind them. */
  nextAt: number;
}

/** Missing messages that follow each other without a received one in between. */
function rowsOf(missing: readonly Line[], { accepted, deliveries }: Audience): Row[] {
  const isMissing = idsOf(missing);
  const receivedAt = new Map(deliveries.toReversed().map((line) => [line.id, writtenAt(line)]));
  const rows: Row[] = [];
  let current: Row | undefined;
  for (const line of accepted) {
    if (isMissing.has(line.id)) {
      if (!current) {
        current = { lines: [], nextAt: Number.POSITIVE_INFINITY };
        rows.push(current);
      }
      current.lines.push(line);
    } else if (current) {
      current.nextAt = receivedAt.get(line.id) ?? Number.POSITIVE_INFINITY;
      current = undefined;
    }
  }
  return rows;
}
