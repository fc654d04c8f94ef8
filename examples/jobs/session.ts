import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const COOKIE = /(?:^|;\s*)jobs_session=([\w-]{32})(?:;|$)/;

/**
 * A cookie that makes whoever sends it back a user. Nobody can guess it, scripts cannot read it, requests of other sites do
 * not carry it. (Lax: with Strict, who follows a link to the page would come without it, and be made somebody new.)
 */
export function newSession(): string {
  return `jobs_session=${randomBytes(24).toString('base64url')}; HttpOnly; SameSite=Lax; Path=/`;
}

/** The user who sends a request; undefined without a session. Only a hash of the cookie goes into Redis, and on the channel. */
export function userOf({ headers }: IncomingMessage): string | undefined {
  const session = COOKIE.exec(headers.cookie ?? '')?.[1];
  return session && createHash('sha256').update(session).digest('base64url');
}
