import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a request is for us by name: localhost, an IP address, or what PUBLIC_NAME says. Any other name that leads here
 * is a stranger's, who wants to be taken for us ("DNS rebinding").
 */
export function isForUs({ headers }: IncomingMessage): boolean {
  const address = `http://${headers.host}`;
  if (!URL.canParse(address)) return false;
  const name = new URL(address).hostname;
  return name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) > 0 || name === process.env.PUBLIC_NAME;
}

/** Whether a request comes from a page of ours. Browsers always say where a POST or a WebSocket comes from. */
export function isFromUs({ headers }: IncomingMessage): boolean {
  return headers.origin === `http://${headers.host}` || headers.origin === `https://${headers.host}`;
}
