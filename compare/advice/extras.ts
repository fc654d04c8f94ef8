import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { Needs } from './needs.ts';

/** Promises that cost something, and the needs that ask for them. */
export const extras: readonly {
  readonly what: string;
  isThere(guarantees: Guarantees): boolean;
  isNeeded(needs: Needs): boolean;
}[] = [
  {
    what: 'keeps unread messages',
    isThere: ({ keepsUnread }) => keepsUnread,
    isNeeded: ({ loss, late }) => loss !== 'any' || late === 'yes',
  },
  {
    what: 'redelivers messages in flight at a crash',
    isThere: ({ survivesCrash }) => survivesCrash,
    isNeeded: ({ loss }) => loss === 'none',
  },
  { what: 'serves several groups', isThere: ({ groups }) => groups, isNeeded: ({ fanout }) => fanout > 1 },
  { what: 'keeps a history', isThere: ({ replays }) => replays, isNeeded: ({ late }) => late === 'yes' },
];
