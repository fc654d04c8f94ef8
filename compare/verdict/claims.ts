import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { CUT_OFF, TOO_FAST } from '../account/causes.ts';
import type { Claim, Counts } from '../measure/result.ts';

/** A claim about an experiment, with what the pattern's guarantees say of it. */
export type Expectation = (guarantees: Guarantees, counts: Counts) => Claim;

/** That nothing is lost. @param text says when @param promised whether a pattern promises it */
const withoutLoss =
  (text: string, promised: (guarantees: Guarantees) => boolean): Expectation =>
  (guarantees, { lost }) => ({ text, promised: promised(guarantees), holds: lost === 0 });

/** Nothing that Redis accepted is lost while subscribers are there and, where Redis keeps nothing for them, keep up. */
export const nothingLost: Expectation = (guarantees, counts) => ({
  text: 'nothing that Redis accepted is lost',
  promised: keptUp(guarantees, counts),
  holds: counts.lost === 0,
});

/** As `nothingLost`, at full speed: patterns that keep nothing promise nothing to a subscriber that may not keep up. */
export const nothingLostAtFullSpeed: Expectation = (guarantees, counts) => ({
  ...nothingLost(guarantees, counts),
  promised: guarantees.keepsUnread,
});

/** Whether no subscriber dropped messages because it was too slow: patterns that keep nothing promise nothing to those that do. */
export const keptUp = ({ keepsUnread }: Guarantees, { causes }: Counts): boolean =>
  keepsUnread || causes.every(({ cause }) => cause !== TOO_FAST && cause !== CUT_OFF);

/** What was published while nobody listened arrives. */
export const nothingLostUnread = withoutLoss(
  'messages published while nobody listened are delivered later',
  ({ keepsUnread }) => keepsUnread,
);

/** Nothing is lost although a subscriber, or its connection, went away with messages in flight. */
export const nothingLostInFlight = withoutLoss(
  'messages in flight are redelivered',
  ({ survivesCrash }) => survivesCrash,
);

/** An orderly stop loses nothing. */
export const nothingLostAtStop = withoutLoss('an orderly stop loses nothing', ({ keepsUnread }) => keepsUnread);

/** Nothing is lost although the subscriber was far behind. */
export const nothingLostBehind = withoutLoss(
  'a subscriber that is behind gets everything in the end',
  ({ keepsUnread }) => keepsUnread,
);

/** What Redis accepted is there after a crash of Redis. @param isOnDisk whether each message is on disk before Redis answers */
export const survivesKilledRedis = (isOnDisk: boolean): Expectation =>
  withoutLoss('what Redis accepted survives its crash', ({ delivery }) => delivery === 'at-least-once' && isOnDisk);

/** What Redis accepted is there after the death of a primary. @param isReplicated whether each message is on a replica before it counts as accepted */
export const survivesDeadPrimary = (isReplicated: boolean): Expectation =>
  withoutLoss(
    'what Redis accepted survives the death of its primary',
    ({ delivery }) => delivery === 'at-least-once' && isReplicated,
  );

/** Nothing is lost while a topic moves from one server to another. */
export const nothingLostInMigration = withoutLoss(
  'nothing is lost while slots migrate',
  ({ keepsUnread }) => keepsUnread,
);

/** Nothing is delivered twice, also when a replica takes over: it may not know yet what was taken from its primary. */
export const nothingTwiceAfterFailover: Expectation = (guarantees, counts) => ({
  ...nothingTwice(guarantees, counts),
  promised: !guarantees.keepsUnread,
});

/** Nothing is delivered twice. */
export const nothingTwice: Expectation = ({ delivery }, { duplicated }) => ({
  text: 'nothing is delivered twice',
  promised: delivery === 'at-most-once',
  holds: duplicated === 0,
});

/** With DEDUPE_TTL nothing is handled twice, even if it is delivered twice. */
export const handledOnce: Expectation = (_guarantees, { duplicated }) => ({
  text: 'nothing is handled twice',
  promised: true,
  holds: duplicated === 0,
});

/** In order, where nothing was redelivered. */
export const inOrder: Expectation = ({ ordered }, { reordered }) => ({
  text: 'messages arrive in the order in which they were published',
  promised: ordered,
  holds: reordered === 0,
});
