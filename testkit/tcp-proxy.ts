import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The pieces in which a slow line passes bytes. */
const TRICKLE_BYTES = 16 * 1024;

/** Which way bytes go: to Redis, or back. */
type Way = 'requests' | 'replies';

const NOTHING: ReadonlySet<Way> = new Set();

/** A TCP proxy between a service and Redis that can misbehave like a network. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallowed: ReadonlySet<Way> = NOTHING;
  #holds = false;
  #cutOn: RegExp | undefined;
  #cutReplyTo: RegExp | undefined;
  #cutReplyWith: RegExp | undefined;
  #replyLeft = Number.POSITIVE_INFINITY;
  #requestLeft = Number.POSITIVE_INFINITY;
  readonly #held: (() => void)[] = [];
  /** What makes a connection late, and the connections that there were then. */
  #late: { readonly command: RegExp; readonly sockets: ReadonlySet<Socket> } | undefined;
  #pace = Number.POSITIVE_INFINITY;
  /** How many replies have been cut. */
  cuts = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A proxy on a free port of the loopback address. */
  static async to(target: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect(target, '127.0.0.1')));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** From now on all bytes that go one of these ways disappear, and no connection ends: by default, a black hole. */
  swallow(...ways: readonly Way[]): void {
    this.#swallowed = new Set(ways.length > 0 ? ways : ['requests', 'replies']);
  }

  /** Passes bytes again, on connections that have lost none: TCP never delivers a stream with a gap. */
  pass(): void {
    this.#swallowed = NOTHING;
  }

  /** Resets, once, the connection on which a client sends something like this, instead of passing it on. */
  cutOn(command: RegExp): void {
    this.#cutOn = command;
  }

  /** Passes on what a client sends, and, once it is something like this, resets the connection of the next reply, once. */
  cutReplyTo(command: RegExp): void {
    this.#cutReplyTo = command;
  }

  /** Resets, once, the connection on which Redis answers with something like this, instead of passing it on. */
  cutReplyWith(reply: RegExp): void {
    this.#cutReplyWith = reply;
  }

  /** Passes this many more bytes of Redis' replies, then resets, once, the connection of the next byte. */
  cutAfterReply(bytes: number): void {
    this.#replyLeft = bytes;
  }

  /** Passes this many bytes more of what clients send, and holds back the rest, on whatever connection, until `release`. */
  holdAfterRequest(bytes: number): void {
    this.#requestLeft = bytes;
  }

  /** Holds back all bytes, either way, until `release`: they arrive late, even if their sender has given up meanwhile. */
  hold(): void {
    this.#holds = true;
  }

  /**
   * On each connection that there is now, holds back what a client sends, from the next time that it sends something like this, until
   * `release`: it arrives late, on a line that does not end, even if its sender has given up meanwhile. New connections pass.
   */
  holdFrom(command: RegExp): void {
    this.#late = { command, sockets: new Set(this.#sockets) };
  }

  /** Passes what was held back, in order, and everything from now on. */
  release(): void {
    this.#holds = false;
    this.#late = undefined;
    this.#requestLeft = Number.POSITIVE_INFINITY;
    for (const pass of this.#held.splice(0)) pass();
  }

  /** From now on Redis' replies pass at this many bytes per second. */
  slow(bytesPerSecond: number): void {
    this.#pace = bytesPerSecond;
  }

  /** Resets all connections. New ones are accepted. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.reset();
    await once(this.#server, 'close');
  }

  #join(client: Socket, redis: Socket): void {
    for (const [from, to, way] of [
      [client, redis, 'requests'],
      [redis, client, 'replies'],
    ] as const) {
      let isDeaf = false;
      let isLate = false;
      this.#sockets.add(from);
      from.on('data', (data) => {
        isDeaf ||= this.#swallowed.has(way);
        if (isDeaf) return;
        isLate = from === client && this.#isLate(client, data, isLate);
        if (this.#holds || isLate) {
          this.#held.push(() => to.write(data));
          return;
        }
        if (from === redis && this.#cutReplyWith?.test(data.toString('latin1'))) {
          this.#cutReplyWith = undefined;
          this.#replyLeft = 0;
        }
        if (from === client && this.#cutOn?.test(data.toString('latin1'))) {
          this.#cutOn = undefined;
          client.resetAndDestroy();
        } else if (from === redis && data.length > this.#replyLeft) this.#cutReply(client, redis, data);
        else if (from === client) {
          if (this.#cutReplyTo?.test(data.toString('latin1'))) {
            this.#cutReplyTo = undefined;
            this.#replyLeft = 0;
          }
          this.#request(redis, data);
        } else {
          this.#replyLeft -= data.length;
          if (this.#pace === Number.POSITIVE_INFINITY) to.write(data);
          else void this.#trickle(redis, client, data);
        }
      });
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        if (isLate && this.#late) return;
        if (this.#holds) this.#held.push(() => to.end());
        else if (this.#swallowed.size === 0) to.destroy();
      });
    }
  }

  /** Whether what a client sends is to be held back, on a connection that was late before, or not. */
  #isLate(client: Socket, data: Buffer, wasLate: boolean): boolean {
    if (!this.#late?.sockets.has(client)) return false;
    return wasLate || this.#late.command.test(data.toString('latin1'));
  }

  #request(redis: Socket, data: Buffer): void {
    const now = data.subarray(0, this.#requestLeft);
    const later = data.subarray(now.length);
    this.#requestLeft -= now.length;
    if (now.length > 0) redis.write(now);
    if (later.length > 0) this.#held.push(() => redis.write(later));
  }

  async #trickle(redis: Socket, client: Socket, data: Buffer): Promise<void> {
    redis.pause();
    for (let from = 0; from < data.length && !client.destroyed; from += TRICKLE_BYTES) {
      client.write(data.subarray(from, from + TRICKLE_BYTES));
      await sleep((1000 * TRICKLE_BYTES) / this.#pace);
    }
    redis.resume();
  }

  #cutReply(client: Socket, redis: Socket, data: Buffer): void {
    redis.pause();
    client.write(data.subarray(0, this.#replyLeft), () => client.resetAndDestroy());
    this.#replyLeft = Number.POSITIVE_INFINITY;
    this.cuts++;
  }
}
