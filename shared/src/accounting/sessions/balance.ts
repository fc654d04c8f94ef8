import type { Account } from '../account.ts';
import type { AudienceAccount } from './audience.ts';

/** Why messages of an audience may be lost of which nobody knows one by one. */
export interface Evidence {
  /** At most this many messages are lost for causes that are known: a reply that was cut off, a subscriber that was killed, … */
  readonly atMost: number;
  /** Redis itself has lost data. */
  readonly hasLostData: boolean;
  /** Other subscribers at work may have this many in their hands, of which Redis does not tell. */
  readonly inHands: number;
  /** Others use the Redis, too, and may have taken messages. */
  readonly isOpenToOthers: boolean;
}

/**
 * The account of one audience: accepted = handled + waiting + in flight + dead + lost + elsewhere + unexplained (or moving).
 */
export interface Balance {
  /** Messages that Redis took, as far as anybody knows. */
  readonly accepted: number;
  /** Different messages handled. */
  readonly handled: number;
  readonly waiting: number;
  readonly inFlight: number;
  /** Among the dead letters. */
  readonly dead: number;
  /** Neither handled nor in Redis, for a cause that is known. */
  readonly lost: number;
  /**
   * Perhaps with another subscriber: of senders that name no session (or from before the first that was seen); and the remainder once
   * nothing moves, on a Redis that others use, too.
   */
  readonly elsewhere: number;
  /** The remainder once nothing moves: a fault. */
  readonly unexplained: number;
  /** The remainder while messages are on their way. */
  readonly moving: number;
  /** Of nobody is known whether Redis took them. */
  readonly unconfirmed: number;
}

/** What Redis holds of the topic for the audience; `null` where it does not say. */
export interface InRedis {
  readonly waiting: number | null;
  readonly inFlight: number | null;
}

/**
 * Balances an account. Messages that Redis holds and that are in nobody's account are unconfirmed ones that have turned up, or of
 * senders that nobody knows yet: they count as accepted.
 * @param sessions messages of senders that name their session
 * @param others of all others
 */
export function balance(sessions: AudienceAccount, others: Account, held: InRedis, evidence: Evidence): Balance {
  const waiting = held.waiting ?? 0;
  const inFlight = held.inFlight ?? 0;
  const handled = sessions.handled + others.received;
  const known = sessions.accepted + others.published;
  const places = handled + waiting + inFlight + sessions.dead + sessions.lost + others.lost + others.elsewhere;
  const unknown = Math.min(Math.max(0, places - known), waiting + inFlight);
  const remainder = known + unknown - places;
  const isKnown = held.waiting !== null && held.inFlight !== null;
  const isMoving = sessions.isMoving || !isKnown || waiting + inFlight > 0;
  const explained = isMoving ? 0 : Math.max(0, evidence.hasLostData ? remainder : Math.min(remainder, evidence.atMost));
  const moving = isMoving ? remainder : Math.max(0, Math.min(remainder - explained, evidence.inHands));
  const rest = remainder - explained - moving;
  const taken = evidence.isOpenToOthers ? Math.max(0, rest) : 0;
  return {
    accepted: known + unknown,
    handled,
    waiting,
    inFlight,
    dead: sessions.dead,
    lost: sessions.lost + others.lost + explained,
    elsewhere: others.elsewhere + taken,
    unexplained: rest - taken,
    moving,
    unconfirmed: Math.max(0, sessions.unconfirmed - unknown),
  };
}
