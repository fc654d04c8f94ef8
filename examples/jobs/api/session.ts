import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const COOKIE = /(?:^|;\s*)jobs_session=([\w-]{32})(?:;|$)/;

/**
 * A cookie that identifies a user. It cannot be guessed, scripts cannot read it, requests of other sites do not carry it.
 * (Lax: with Strict, a user who follows a link to the page would arrive without it, and be given a new one.)
 */
export function newSession(): string {
  return `jobs_session=${randomBytes(24).toString('base64url')}; HttpOnly; SameSite=Lax; Path=/`;
}

/** The user who sends a request; undefined without a session. Only a hash of the cookie goes into Redis, and on the channel. */
export function userOf({ headers }: IncomingMessage): string | undefined {
  const session = COOKIE.exec(headers.cookie ?? '')?.[1];
  return session && createHash('sha256').update(session).digest('base64url');
}
