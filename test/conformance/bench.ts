import { afterAll, beforeAll } from '@jest/globals';
import { deadLettersOf } from '@redis-messaging/shared/delivery/keys';
import type { Backlog, Pattern, Rights } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { CONNECTION_RIGHTS, type Connection } from '@redis-messaging/shared/redis/connection';
import { RESP_TYPES } from 'redis';
import { until } from '../../testkit/until.ts';
import { connectTo } from '../support/redis.ts';
import { undisturbed } from '../support/undisturbed.ts';
import type { useRedis } from '../support/use-redis.ts';
import { type Reader, type ReaderOptions, SETTINGS, useReaders } from './reader.ts';

/** What `publish` leaves behind to be seen when everything before it has been. */
const THE_END = 'the end';

let topics = 0;

/** `message 1`, `message 2`, … */
export const numbered = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => `message ${index + from}`);

/**
 * What the tests of a pattern work with: a Redis, topics of their own, readers that end with the test. It publishes and subscribes as
 * users with just the rights that the pattern asks for; where it looks, it may do everything.
 */
export class Bench {
  readonly pattern: Pattern;
  readonly own: ReturnType<typeof useRedis>;
  /** See `undisturbed`. */
  readonly calm = undisturbed(() => this.own.redis);
  readonly #read = useReaders();
  #publishing: Connection | undefined;
  #reading: Connection | undefined;

  constructor(pattern: Pattern, own: ReturnType<typeof useRedis>) {
    this.pattern = pattern;
    this.own = own;
    beforeAll(async () => {
      const { publish, subscribe } = pattern.rights;
      this.#publishing = await this.#connectAs('publisher', own.server.port, publish);
      this.#reading = await this.#connectAs('reader', own.server.port, subscribe);
    });
    afterAll(() => Promise.all([this.#publishing?.close(), this.#reading?.close()]));
  }

  /** Of the user that publishes. */
  get producer(): Redis {
    return (this.#publishing as Connection).client;
  }

  /** A name that no other test uses. */
  topic(): string {
    return `${this.pattern.name}-${++topics}`;
  }

  /** Another connection of the user that subscribes. */
  async connectReader(port: number): Promise<Connection> {
    return await this.#connectAs('reader', port, this.pattern.rights.subscribe);
  }

  async read(topic: string, options?: ReaderOptions, connection = this.#reading as Connection): Promise<Reader> {
    return await this.#read(connection, this.pattern, topic, options);
  }

  async publish(topic: string, payloads: readonly (string | Buffer)[]): Promise<readonly number[]> {
    return await this.pattern.publish(this.producer, topic, payloads);
  }

  async backlog(topic: string, group: string = SETTINGS.group): Promise<Backlog> {
    return await this.pattern.backlog(this.own.redis, topic, group);
  }

  /** What a reader has got by the time that it gets what is published last. */
  async drained(topic: string, reader: Reader): Promise<string[]> {
    await this.publish(topic, [THE_END]);
    await until('the end', () => reader.texts.includes(THE_END));
    return reader.texts.filter((text) => text !== THE_END);
  }

  /** Waits until a group has been given everything, and is done with it. */
  async settled(topic: string, group: string = SETTINGS.group): Promise<void> {
    await until(`nothing to wait for ${group}`, async () => {
      const { waiting, inFlight } = await this.backlog(topic, group);
      return (waiting ?? Number.NaN) + inFlight === 0;
    });
  }

  /** The dead letters of a topic as they lie in Redis, be it in a list or in a stream. */
  async deadLetters(topic: string): Promise<{ payload: Buffer; reason: string; at: string }[]> {
    const { redis } = this.own;
    const key = deadLettersOf(topic);
    if ((await redis.type(key)) === 'stream') {
      const entries = (await redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).xRange(key, '-', '+')) ?? [];
      return entries.map(({ message }) => {
        const { payload, reason, at } = message as unknown as Record<string, Buffer>;
        return { payload: payload as Buffer, reason: String(reason), at: String(at) };
      });
    }
    const letters = (await redis.lRange(key, 0, -1)).map((letter) => JSON.parse(letter));
    return letters.map(({ payload, reason, at }) => ({ payload: Buffer.from(payload, 'base64'), reason, at }));
  }

  /** The ids of the connections that wait for this pattern's messages. */
  async readingConnections(): Promise<number[]> {
    const commands = this.pattern.commands.map((command) => command.toLowerCase());
    const isReading = ({ sub, ssub = 0, cmd }: { sub: number; ssub?: number; cmd: string }) =>
      sub > 0 || ssub > 0 || commands.includes(cmd.split('|')[0] as string);
    const clients = await this.own.redis.clientList();
    return clients
      .filter((client) => client.name === `test:${this.pattern.name}` && isReading(client))
      .map(({ id }) => id);
  }

  /** What Redis has refused to those who publish and subscribe. */
  async denials(): Promise<readonly unknown[]> {
    const log = (await this.own.redis.aclLog(1000)) as unknown as { readonly username: string }[];
    return log.filter(({ username }) => username.startsWith(`${this.pattern.name}-`));
  }

  async #connectAs(role: string, port: number, rights: Rights): Promise<Connection> {
    const [username, password] = [`${this.pattern.name}-${role}`, 'secret'];
    const rules = [...CONNECTION_RIGHTS, ...rights].map((right) =>
      /^[~&]/.test(right)
        ? right.replace('topic:', '{topic}:').replace('topic', `${this.pattern.name}-*`)
        : `+${right}`,
    );
    await this.own.redis.sendCommand(['ACL', 'SETUSER', username, 'on', `>${password}`, 'resetchannels', ...rules]);
    return await connectTo(port, {}, { username, password });
  }

  /** Waits until a connection reads that is none of these. */
  async readsAgain(before: readonly number[]): Promise<void> {
    await until('a new connection that reads', async () =>
      (await this.readingConnections()).some((id) => !before.includes(id)),
    );
  }
}
