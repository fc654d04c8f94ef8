import { readFileSync } from 'node:fs';
import { beeQueue } from './bee-queue.ts';
import { bullmq } from './bullmq.ts';
import { ioredisList, ioredisPubsub } from './ioredis.ts';
import type { Peer } from './peer.ts';

/** Every peer, in the order in which tables show them. */
export const peers: readonly Peer[] = [bullmq, beeQueue, ioredisList, ioredisPubsub];

/** What is installed of them: "bullmq 6.7.0", each once. */
export function peerVersions(): string[] {
  const libraries = new Set(peers.map(({ library }) => library));
  return [...libraries].map((library) => {
    const path = new URL(`../../node_modules/${library}/package.json`, import.meta.url);
    return `${library} ${JSON.parse(readFileSync(path, 'utf8')).version}`;
  });
}
