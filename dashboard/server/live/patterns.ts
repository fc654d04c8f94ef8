import { type Pattern, patterns } from '@redis-messaging/shared';
import type { PatternFacts } from '../../wire/wire.ts';

/** Patterns that have a folder of their own, for the path of the source file. */
const FOLDERS = new Set(['reliable-queue', 'stream']);

/** The fact sheets of all patterns, in the order of the tables. */
export const allFacts: readonly PatternFacts[] = patterns.map(
  ({ name, commands, guarantees, isPartitionable, topic }) => ({
    name,
    commands,
    guarantees,
    isPartitionable,
    variable: topic.variable,
    source: `shared/src/patterns/${FOLDERS.has(name) ? `${name}/` : ''}${name}.ts`,
  }),
);

export const patternOf = (name: string): Pattern | undefined => patterns.find((pattern) => pattern.name === name);
