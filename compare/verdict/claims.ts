import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { TOO_FAST } from '../measure/causes.ts';
import type { Claim, Counts } from '../measure/result.ts';

/** A claim about an experiment, with what the pattern's guarantees say of it. */
export type Expectation = (guarantees: Guarantees, counts: Counts) => Claim;

/** Nothing that Redis accepted is lost while subscribers are there and, where Redis keeps nothing for them, keep up. */
export const nothingLost: Expectation = (guarantees, counts) => ({
  text: 'nothing that Redis accepted is lost',
  promised: keptUp(guarantees, counts),
  holds: counts.lost === 0,
});

/** Whether no subscriber dropped messages because it was too slow: patterns that keep nothing promise nothing to those that do. */
export const keptUp = ({ keepsUnread }: Guarantees, { causes }: Counts): boolean =>
  keepsUnread || causes.every(({ cause }) => cause !== TOO_FAST);

/** Nothing is lost although there was no subscriber. */
export const nothingLostUnread: Expectation = ({ keepsUnread }, { lost }) => ({
  text: 'messages published while nobody listened are delivered later',
  promised: keepsUnread,
  holds: lost === 0,
});

/** Nothing is lost although a subscriber, or its connection, went away with messages in flight. */
export const nothingLostInFlight: Expectation = ({ survivesCrash }, { lost }) => ({
  text: 'messages in flight are redelivered',
  promised: survivesCrash,
  holds: lost === 0,
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
