import { sanitize } from '../text/sanitize.ts';

/** The list that holds what a list's subscribers could not accept. */
export const deadLettersOf = (list: string): string => `${list}:dead`;

/**
 * One dead letter: a JSON object with `reason`, `at` (ISO time), `payload` (the original bytes in base64) and
 * `preview` (the beginning of the payload as harmless text).
 */
export function deadLetter(payload: Buffer, reason: string): string {
  return JSON.stringify({
    reason,
    at: new Date().toISOString(),
    payload: payload.toString('base64'),
    preview: sanitize(payload.toString('utf8', 0, 400), 100),
  });
}
