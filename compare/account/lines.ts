import type { Line } from '../../testkit/service-process.ts';

/**
 * When a message was made, by the log line of its publisher, or, where that does not know whether Redis took it, of a subscriber:
 * ms since 1970.
 */
export const madeAt = ({ time, publishMs, latencyMs }: Line): number =>
  Date.parse(time) - Number(publishMs ?? latencyMs ?? 0);

/** When a line was written: ms since 1970. */
export const writtenAt = ({ time }: Line): number => Date.parse(time);

/** Lines of messages in the order in which the messages were made. */
export const inOrderMade = (lines: readonly Line[]): Line[] => [...lines].sort((one, other) => one.count - other.count);

/** The ids of messages. */
export const idsOf = (lines: readonly Line[]): Set<string> => new Set(lines.map(({ id }) => id));
