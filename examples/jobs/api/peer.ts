import type { Server } from 'node:http';
import { isIP, type Socket } from 'node:net';

/** The line of the front. It is sent, and so arrives, at once, and is never longer than this: bytes. */
const LINE = /^PROXY (?:UNKNOWN[^\r]*|TCP[46] ([\da-f.:]{2,45}) [^\r]*)\r\n/i;
const LONGEST_LINE = 107;
/** How long a connection may take to say it. */
const LINE_TIMEOUT_MS = 5000;

/** How many connections there may be at a time. */
interface Limits {
  readonly perAddress: number;
  readonly inAll: number;
}

const addresses = new WeakMap<Socket, string>();

/** The address of whoever is at the other end of a connection. Of IPv6 its network: who has one has as many addresses as he likes. */
export const addressOf = (socket: Socket): string => addresses.get(socket) as string;

/**
 * Has a server take connections of a front, which says in a first line whose each of them is: the PROXY protocol, version 1. (A
 * proxy in place of the front says the same: `send-proxy` of HAProxy, `proxy_protocol on` of nginx.) Nobody else may be able to
 * reach the server. What a request says of its address, in `X-Forwarded-For`, is not read, because whoever sends it may write anything.
 * Connections beyond the limits are closed.
 */
export function takeFromFront(server: Server, { perAddress, inAll }: Limits): void {
  const connections = new Map<string, number>();
  const serve = server.listeners('connection');
  server.removeAllListeners('connection');
  server.maxConnections = inAll;
  server.on('connection', (socket: Socket) => {
    const close = () => void socket.destroy();
    socket.once('error', close);
    socket.setTimeout(LINE_TIMEOUT_MS, close);
    socket.once('readable', () => {
      const begun: Buffer = socket.read() ?? Buffer.alloc(0);
      const [line, given] = LINE.exec(begun.toString('latin1', 0, LONGEST_LINE)) ?? [];
      const address = networkOf(given ?? socket.remoteAddress ?? '');
      const count = (connections.get(address) ?? 0) + 1;
      if (line === undefined || count > perAddress) return close();
      addresses.set(socket, address);
      connections.set(address, count);
      socket.once('close', () => {
        const left = (connections.get(address) as number) - 1;
        if (left > 0) connections.set(address, left);
        else connections.delete(address);
      });
      socket.setTimeout(0, close);
      socket.off('error', close);
      socket.unshift(begun.subarray(line.length));
      for (const each of serve) each.call(server, socket);
    });
  });
}

function networkOf(address: string): string {
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (mapped !== undefined || isIP(address) !== 6) return mapped ?? address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const gap = address.includes('::') ? Array<string>(8 - head.length - tail.length).fill('0') : [];
  return `${[...head, ...gap, ...tail].slice(0, 4).join(':')}::/64`;
}
