import { ErrorReply } from 'redis';
import { tlsFailureOf } from './tls.ts';

/** Answers to a handshake that mean that the configuration is wrong, so that asking again is of no use. */
const REFUSED_FOR_GOOD =
  /^(WRONGPASS|NOAUTH|NOPERM|NOPROTO|ERR (AUTH|Client sent AUTH|Client names|invalid DB|DB index|unknown command))/i;

/**
 * What became of a command that failed: Redis `refused` it; it was `not-sent`, or as good as that, because Redis still
 * loads its data; or the connection broke while it was under way and nobody can say (`unknown`).
 */
export function outcomeOf(error: unknown): 'refused' | 'not-sent' | 'unknown' {
  if (error instanceof ErrorReply) return isLoading(error) ? 'not-sent' : 'refused';
  const notSent = ['ElsewhereError', 'ClientClosedError', 'ClientOfflineError', 'AbortError', 'TimeoutError'];
  return notSent.includes((error as Error)?.constructor?.name) ? 'not-sent' : 'unknown';
}

/** Whether an error tells of a mistake in a program or in its data: it would come again, and is not for waiting. */
export const isMistake = (error: unknown): boolean =>
  [TypeError, SyntaxError, RangeError, ReferenceError].some((kind) => error instanceof kind);

/** Whether Redis answers that it has just started and cannot answer yet. */
export function isLoading(answer: unknown): answer is ErrorReply {
  return answer instanceof ErrorReply && answer.message.startsWith('LOADING');
}

/** What was configured cannot be right: another attempt would end in the same way. */
export class HopelessError extends Error {}

/** Whether Redis refuses a command because its memory is full. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof ErrorReply && error.message.startsWith('OOM');

/** Whether Redis, or we, refuse the connection in a way that asking again will not change. */
export function isRefusedForGood(cause: Error): boolean {
  if (cause instanceof ErrorReply) return REFUSED_FOR_GOOD.test(cause.message);
  return cause instanceof HopelessError || tlsFailureOf(cause) !== undefined;
}

/** An error with its codes for people; an AggregateError (several addresses) has no message of its own. */
export function describeError(error: Error & { code?: string; errors?: Error[] }): string {
  return (
    tlsFailureOf(error) ||
    error.message ||
    error.errors?.map((each) => each.message).join('; ') ||
    error.code ||
    error.constructor.name
  );
}
