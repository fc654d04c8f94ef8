import type { Pattern } from './pattern.ts';
import { pubsub } from './pubsub.ts';
import { queue } from './queue.ts';
import { reliableQueue } from './reliable-queue/reliable-queue.ts';
import { shardedPubsub } from './sharded-pubsub.ts';
import { stream } from './stream/stream.ts';

/** Every pattern, in the order in which tables show them. */
export const patterns: readonly Pattern[] = [pubsub, shardedPubsub, queue, reliableQueue, stream];

/** Words for several patterns at once. */
const groups: Readonly<Record<string, readonly string[]>> = {
  both: ['pubsub', 'queue'],
  all: patterns.map((pattern) => pattern.name),
};

/** Every word that PATTERN understands. */
export const patternWords: readonly string[] = [...patterns.map((pattern) => pattern.name), ...Object.keys(groups)];

/** The patterns that a comma-separated list names, each once, in table order; `undefined` if a word is not known. */
export function choosePatterns(list: string): readonly Pattern[] | undefined {
  const words = list.split(',').map((word) => word.trim().toLowerCase());
  if (!words.every((word) => patternWords.includes(word))) return undefined;
  const names = new Set(words.flatMap((word) => (Object.hasOwn(groups, word) ? groups[word] : word)));
  return patterns.filter((pattern) => names.has(pattern.name));
}
