import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Redis } from '@redis-messaging/shared/redis/client';

const COOKIE = /(?:^|;\s*)jobs_session=([\w-]{32})\.([\w-]{43})(?:;|$)/;

/**
 * Cookies that identify users. They are signed: nobody can invent one, and be a thousand users without having asked for the page a
 * thousand times. They cannot be guessed, scripts cannot read them, requests of other sites do not carry them. (Lax: with Strict, a
 * user who follows a link to the page would arrive without it, and be given a new one.)
 */
export class Sessions {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** With the key that all API processes share: the first one makes it. @param prefix of its name in Redis */
  static async shared(redis: Redis, prefix: string): Promise<Sessions> {
    const name = `${prefix}:session-key`;
    await redis.set(name, randomBytes(32).toString('base64'), { condition: 'NX' });
    return new Sessions(Buffer.from((await redis.get(name)) as string, 'base64'));
  }

  /** A new session, as the header `Set-Cookie`. */
  create(): string {
    const id = randomBytes(24).toString('base64url');
    return `jobs_session=${id}.${this.#sign(id)}; HttpOnly; SameSite=Lax; Path=/`;
  }

  /** The user who sends a request; undefined without a session. Only a hash of the cookie goes into Redis, and on the channel. */
  userOf({ headers }: IncomingMessage): string | undefined {
    const [, id, signature] = COOKIE.exec(headers.cookie ?? '') ?? [];
    if (id === undefined || signature === undefined) return undefined;
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(id)))) return undefined;
    return createHash('sha256').update(id).digest('base64url');
  }

  #sign(id: string): string {
    return createHmac('sha256', this.#key).update(id).digest('base64url');
  }
}
