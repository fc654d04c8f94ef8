import type { DeadLetterPage } from '@redis-messaging/shared/delivery/dead-letters';
import { decode } from '@redis-messaging/shared/message/message';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { type Numbered, numberedPages, type Place } from './place.ts';
import { Examples, print } from './print.ts';

/**
 * Puts the dead letters with these numbers back into their topic, as they were published; what is none stays where it is.
 * @returns whether everything that was named was put back
 */
export async function replay(place: Place, numbers: 'all' | ReadonlySet<number>): Promise<boolean> {
  const count = await place.pattern.deadLetters.count(place.redis, place.topic);
  const last = numbers === 'all' ? count : Math.min(count, Math.max(...numbers));
  const left = new Examples();
  const invalid = new Examples();
  let put = 0;
  try {
    for await (const { letters, remove } of numberedPages(place, last)) {
      const chosen = letters.filter(({ number }) => numbers === 'all' || numbers.has(number));
      const sound = chosen.filter(({ problem }) => problem === undefined);
      await putBack(place, sound, remove);
      put += sound.length;
      for (const { number, problem } of chosen) if (problem !== undefined) left.add(number, problem);
      for (const { number, payload } of sound) {
        const decoded = decode(payload);
        if (!decoded.ok) invalid.add(number, decoded.reason);
      }
    }
  } finally {
    const { name } = place.pattern;
    const into = sanitize(place.topic);
    await print(`${name}: put ${formatNumber(put)} of ${formatNumber(count)} dead letters back into '${into}'`);
    if (left.count > 0) console.error(`${name}: left in place, because these are not dead letters of ours: ${left}`);
    if (invalid.count > 0)
      console.error(`${name}: put back, but still invalid, so a subscriber will reject them again: ${invalid}`);
  }
  const missing = numbers === 'all' ? [] : [...numbers].filter((number) => number > count);
  if (missing.length > 0) console.error(`${place.pattern.name}: there is no dead letter #${missing.join(', #')}`);
  return numbers === 'all' || put === numbers.size;
}

/** First back, then off the dead letters: a crash or a refusal in between leaves them in both, never in none. */
async function putBack(
  { redis, pattern, topic }: Place,
  letters: readonly Numbered[],
  remove: DeadLetterPage['remove'],
) {
  if (letters.length === 0) return;
  const [first, last] = [letters[0], letters.at(-1)].map((letter) => `#${letter?.number}`);
  const payloads = letters.map(({ payload }) => payload);
  await pattern.publish(redis, topic, payloads).catch((error: Error) => {
    throw new Error(`could not put ${first} to ${last} back (${error.message}); they stay among the dead letters`);
  });
  await remove(letters).catch((error: Error) => {
    throw new Error(
      `could not remove ${first} to ${last} from the dead letters (${error.message}); they were put back, so some are in both places`,
    );
  });
}
