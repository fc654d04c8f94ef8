import type { DeadLetter, DeadLetterPage, DeadLetterStore } from '@redis-messaging/shared/delivery/dead-letters';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';

/** A pattern that keeps dead letters. */
export type KeepingPattern = Pattern & { readonly deadLetters: DeadLetterStore };

/** Where a command finds dead letters. */
export interface Place {
  readonly redis: Redis;
  readonly pattern: KeepingPattern;
  readonly topic: string;
}

/** A dead letter with its number in the list, from 1. */
export type Numbered = DeadLetter & { readonly number: number };

export interface NumberedPage extends DeadLetterPage {
  readonly letters: readonly Numbered[];
}

/** The oldest dead letters with their numbers, page by page. @param last the number of the last of them */
export async function* numberedPages({ redis, pattern, topic }: Place, last: number): AsyncGenerator<NumberedPage> {
  let count = 0;
  for await (const { letters, remove } of pattern.deadLetters.pages(redis, topic)) {
    const numbered = letters.slice(0, last - count).map((letter) => ({ ...letter, number: ++count }));
    if (numbered.length > 0) yield { letters: numbered, remove };
    if (count >= last) return; // what is added meanwhile, perhaps again, has later numbers
  }
}
