import type { Guarantees } from '@redis-messaging/shared';

/**
 * How a lane is drawn: a `channel` keeps nothing; a `list` keeps what nobody has popped; `leased` keeps a copy until it is
 * acknowledged; a `log` keeps all, and groups read it at their own pace.
 */
export type LaneKind = 'channel' | 'list' | 'leased' | 'log';

/** The kind follows from what a pattern guarantees. */
export function kindOf({ keepsUnread, replays, survivesCrash }: Guarantees): LaneKind {
  if (!keepsUnread) return 'channel';
  if (replays) return 'log';
  return survivesCrash ? 'leased' : 'list';
}

/** What Redis holds, in words. */
export const KIND_WORDS: Readonly<Record<LaneKind, { readonly what: string; readonly how: string }>> = {
  channel: { what: 'channel', how: 'holds nothing: a copy to everybody who listens now' },
  list: { what: 'list', how: 'holds a message until somebody pops it' },
  leased: { what: 'list', how: 'what is taken stays here, in a processing list, until it is acknowledged' },
  log: { what: 'stream', how: 'keeps all; each group reads at its own pace' },
};
