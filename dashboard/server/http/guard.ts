import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { problemOfHost } from '@redis-messaging/shared/service/health';

/** The header in which the page sends the token of its address. */
export const TOKEN_HEADER = 'x-dashboard-token';

/** Where the server listens, and what it asks of a request. */
export interface Guarded {
  /** The address on which it listens, as the system says it. */
  readonly address: string;
  /** The host by which it was told to listen: as good a name as the address. */
  readonly host: string;
}

/** What is wrong with the name by which a request asks for us ("DNS rebinding"); `undefined` if nothing is. */
export function problemOfName({ host }: IncomingHttpHeaders, guarded: Guarded): string | undefined {
  if (host === undefined) return 'the header Host is missing';
  return problemOfHost(host, guarded.host, guarded.address);
}

/**
 * Why a request may not control anything; `undefined` if it may. Browsers always send the origin of a POST, so another site's page is
 * known by it; what is no browser sends none, and needs the token like everybody.
 */
export function problemOfControl(headers: IncomingHttpHeaders, token: string): string | undefined {
  const { host, origin } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return 'comes from another site';
  const given = headers[TOKEN_HEADER];
  if (typeof given !== 'string' || !isSame(given, token))
    return 'needs the token: open the whole address that was printed, up to its end';
  return undefined;
}

/** Compares in a time that does not tell how much is right. */
function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
