import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a request names this server: localhost, an IP address, or PUBLIC_NAME. Any other name that resolves to this address
 * may be an attacker's ("DNS rebinding").
 */
export function isForUs({ headers }: IncomingMessage): boolean {
  const address = `http://${headers.host}`;
  if (!URL.canParse(address)) return false;
  const name = new URL(address).hostname;
  return name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) > 0 || name === process.env.PUBLIC_NAME;
}

/** Whether a request comes from our page. Browsers always send the origin of a POST or a WebSocket. */
export function isFromUs({ headers }: IncomingMessage): boolean {
  return headers.origin === `http://${headers.host}` || headers.origin === `https://${headers.host}`;
}
