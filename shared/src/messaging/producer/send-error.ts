/**
 * Why a message was not sent:
 *
 * - `refused`: Redis answered that it does not take it; it is not there;
 * - `unconfirmed`: the connection broke before Redis answered; it may be there or not;
 * - `too-large`: the message has more bytes than the topic's `maxMessageBytes`; it was not sent, and trying again is of no use;
 * - `full`: the producer's buffer was full; it was not sent;
 * - `unreachable`: Redis was unreachable, and the pattern keeps nothing, so that waiting would be of no use; it was not sent;
 * - `closed`: the producer was closed before the message could be sent.
 */
export type SendFailure = 'refused' | 'unconfirmed' | 'too-large' | 'full' | 'unreachable' | 'closed';

/** One or several messages that were not sent. */
export class SendError extends Error {
  override readonly name = 'SendError';
  /** In words, why the first of them failed. */
  readonly detail: string;
  /** Why the first of them failed. */
  readonly reason: SendFailure;
  /** Those of the batch that failed, by their places in it. All others have been accepted. */
  readonly failures: ReadonlyMap<number, SendFailure>;

  /** @param cause what Redis answered, or how the connection broke, if that is the reason */
  constructor(failures: ReadonlyMap<number, SendFailure>, of: number, detail: string, cause?: Error) {
    const [reason] = failures.values() as Iterable<SendFailure>;
    const which = of === 1 ? 'The message' : `${failures.size} of ${of} messages`;
    super(`${which} ${of === 1 ? 'was' : 'were'} not sent (${reason}): ${detail}`, cause && { cause });
    this.detail = detail;
    this.reason = reason as SendFailure;
    this.failures = failures;
  }
}
