import type { Backlog, Pattern } from '../../patterns/pattern.ts';
import { BUFFER_BYTES, BUFFER_LIMIT, type ProducerOptions } from '../producer/producer.ts';
import { MOST_PARTITIONS, partitionFor } from './names.ts';

/** @throws RangeError if a topic cannot have so many partitions */
export function checkPartitioning(topic: string, { name, isPartitionable }: Pattern, partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS)
    throw new RangeError(
      `topic ${JSON.stringify(topic)}: partitions is ${partitions}; expected a whole number from 1 to ${MOST_PARTITIONS}`,
    );
  if (partitions > 1 && !isPartitionable)
    throw new RangeError(`topic ${JSON.stringify(topic)}: ${name} has no partitions; expected partitions: 1`);
}

/** Chooses the partition of a message: by what is the same for those that belong together, else each in turn. */
export function chooser<Value>(
  partitions: number,
  partitionBy: ((value: Value) => string) | undefined,
  idOf: ((value: Value) => string | undefined) | undefined,
): (value: Value, id: string | undefined) => number {
  let turn = 0;
  return (value, id) => {
    const key = partitionBy?.(value) ?? id ?? idOf?.(value);
    return key === undefined ? turn++ % partitions : partitionFor(key, partitions);
  };
}

/** The options of each partition's producer: together they keep no more than was asked for. */
export function shareOf(options: ProducerOptions, partitions: number): ProducerOptions {
  const { bufferLimit = BUFFER_LIMIT, bufferBytes = BUFFER_BYTES } = options;
  const [limit, bytes] = [bufferLimit, bufferBytes].map((most) => Math.ceil(most / partitions));
  return { ...options, bufferLimit: limit, bufferBytes: bytes };
}

/** What Redis holds in all partitions. A listener of a topic listens to each. */
export function sum(backlogs: readonly Backlog[]): Backlog {
  const [first] = backlogs as [Backlog, ...Backlog[]];
  if (backlogs.length === 1) return first;
  const total = (of: (backlog: Backlog) => number | null) =>
    backlogs.map(of).reduce((all, each) => (all === null || each === null ? null : all + each), 0);
  return {
    ...first,
    waiting: total(({ waiting }) => waiting),
    inFlight: total(({ inFlight }) => inFlight) as number,
    dead: total(({ dead }) => dead) as number,
  };
}
