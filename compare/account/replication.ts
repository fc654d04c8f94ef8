import type { PossibleCause } from './causes.ts';
import { idsOf, madeAt, writtenAt } from './lines.ts';

/** Redis accepted them, and its replica never had them. */
export const NOT_REPLICATED = 'accepted, not replicated';

/** What the death of a primary can have cost. */
export interface DeadPrimary {
  /** The ids of the messages that its replica ever had, by its own word. */
  readonly replicated: ReadonlySet<string>;
  /** When it had ended: ms since 1970. */
  readonly endedAt: number;
}

/**
 * Accepted by a primary that died before its replica had them. Replicas get everything in order: so these are behind the last message
 * that the replica has of those that the primary accepted; a gap before it is not explained by this.
 */
export const notReplicated = ({ replicated, endedAt }: DeadPrimary): PossibleCause => ({
  cause: NOT_REPLICATED,
  explains(missing, { accepted }) {
    const last = accepted.findLastIndex((line) => replicated.has(line.id) && writtenAt(line) <= endedAt);
    const behind = idsOf(accepted.slice(last + 1));
    return missing.filter((line) => behind.has(line.id) && !replicated.has(line.id) && madeAt(line) <= endedAt);
  },
});
