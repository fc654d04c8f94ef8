import { lateGroup } from './late-group.ts';
import { nobodyListens } from './nobody-listens.ts';
import { redisDies } from './redis-dies.ts';
import type { Story } from './story.ts';
import { subscriberCrashes } from './subscriber-crashes.ts';
import { twoShare } from './two-share.ts';

/** All stories, in the order in which they are best told. */
export const stories: readonly Story[] = [nobodyListens, subscriberCrashes, twoShare, lateGroup, redisDies];
