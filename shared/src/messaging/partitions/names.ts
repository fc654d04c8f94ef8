/** The most partitions of a topic: each has a reader, and a connection, in every consumer. */
export const MOST_PARTITIONS = 1000;

/** The names of a topic's partitions. Each is a topic of its own, with a slot of its own; one alone has the topic's name. */
export function partitionsOf(topic: string, count: number): readonly string[] {
  if (count === 1) return [topic];
  const [before, after] = topic.includes('}') ? topic.split(/(?=\})/) : [topic, ''];
  return Array.from({ length: count }, (_, index) => `${before}.${index}${after}`);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The partition of a key: the same one wherever it is asked for (FNV-1a, 32 bit, of its UTF-16 units). */
export function partitionFor(key: string, count: number): number {
  let hash = FNV_OFFSET;
  for (let place = 0; place < key.length; place++) hash = Math.imul(hash ^ key.charCodeAt(place), FNV_PRIME);
  return (hash >>> 0) % count;
}
