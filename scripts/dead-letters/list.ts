import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber, renderTable } from '@redis-messaging/shared/text/table';
import { type Numbered, numberedPages, type Place } from './place.ts';
import { print } from './print.ts';

const HEADER = ['#', 'at', 'bytes', 'reason', 'payload'];

/** Prints the dead letters of a pattern, oldest first: a table for each page as it comes. @param limit how many at most */
export async function list(place: Place, limit: number): Promise<true> {
  const { redis, pattern, topic } = place;
  const count = await pattern.deadLetters.count(redis, topic);
  const shown = Math.min(count, limit);
  const which = shown < count ? `, of which the oldest ${formatNumber(shown)}` : '';
  await print(`${pattern.name}: ${formatNumber(count)} dead ${count === 1 ? 'letter' : 'letters'}${which}`);
  for await (const { letters } of numberedPages(place, shown)) await print(renderTable(HEADER, letters.map(rowOf)));
  return true;
}

function rowOf({ number, at, bytes, reason, problem, payload }: Numbered): string[] {
  return [
    `${number}`,
    problem === undefined ? sanitize(at, 40) : '-',
    `${bytes}`,
    problem === undefined ? sanitize(reason, 80) : `not a dead letter: ${problem}`,
    sanitize(payload.toString('utf8', 0, 200), 60),
  ];
}
