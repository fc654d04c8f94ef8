import {
  type Action,
  ANNOUNCEMENTS_CHANNEL,
  type Announcement,
  CONTROLS_CHANNEL,
  type Control,
  type Done,
  type Events,
  MOST_BYTES,
  SCHEMA,
  type ServiceName,
  type Snapshot,
  WATCHING,
  WATCHING_CHANNEL,
  WATCHING_EVERY_MS,
} from '@redis-messaging/shared/live/protocol';
import { readAnnouncement } from '@redis-messaging/shared/live/read-announcement';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Connection } from '@redis-messaging/shared/redis/connection';
import { until } from '../../testkit/until.ts';
import { connectTo } from './redis.ts';

/** Stands for the live page: looks, reads what is announced, and sends controls. */
export class LivePage implements AsyncDisposable {
  readonly announcements: Announcement[] = [];
  /** What was announced and is not an announcement. */
  readonly unreadable: string[] = [];
  /** Bytes of the largest announcement. */
  largest = 0;
  readonly #connection: Connection;
  #looking: NodeJS.Timeout | undefined;
  #controls = 0;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param at the port of a Redis, or a connection to one, which is closed with the page */
  static async open(at: number | Connection): Promise<LivePage> {
    const page = new LivePage(typeof at === 'number' ? await connectTo(at) : at);
    await page.redis.subscribe(ANNOUNCEMENTS_CHANNEL, (payload: Buffer) => page.#hear(payload), true);
    return page;
  }

  get redis(): Redis {
    return this.#connection.client;
  }

  /** Says that somebody looks, from now on. @param everyMs how often */
  async look(everyMs = WATCHING_EVERY_MS): Promise<void> {
    const say = () => this.redis.publish(WATCHING_CHANNEL, WATCHING);
    await say();
    this.#looking = setInterval(() => void say().catch(() => {}), everyMs);
  }

  lookAway(): void {
    clearInterval(this.#looking);
  }

  snapshots(service: ServiceName): Snapshot[] {
    return this.announcements.filter((each): each is Snapshot => each.kind === 'snapshot' && each.service === service);
  }

  batches(service: ServiceName): Events[] {
    return this.announcements.filter((each): each is Events => each.kind === 'events' && each.service === service);
  }

  events(service: ServiceName): Events['events'][number][] {
    return this.batches(service).flatMap(({ events }) => events);
  }

  /** How many messages something happened to, told one by one and summarized. */
  told(service: ServiceName, what: string, pattern?: string): { events: number; summarized: number } {
    const isIt = (each: { what: string; pattern?: string }) =>
      each.what === what && (each.pattern ?? '') === (pattern ?? '');
    const summaries = this.batches(service).flatMap(({ summarized }) => summarized);
    return {
      events: this.events(service).filter(isIt).length,
      summarized: summaries.filter(isIt).reduce((sum, { messages }) => sum + messages, 0),
    };
  }

  async snapshot(service: ServiceName, is: (snapshot: Snapshot) => boolean = () => true): Promise<Snapshot> {
    return await until(`a snapshot of the ${service}`, () => this.snapshots(service).find(is));
  }

  /** Sends a control, and waits for the answer. */
  async control(service: ServiceName, action: Action, value?: number | string, instance?: string): Promise<Done> {
    const id = `test-${++this.#controls}`;
    const to = { service, ...(instance && { instance }) };
    const control: Control = { kind: 'control', v: SCHEMA, id, to, do: action, ...(value !== undefined && { value }) };
    await until('somebody to hear it', async () => (await this.send(control)) > 0);
    const isIt = (each: Announcement): each is Done => each.kind === 'done' && each.control === id;
    return await until(`an answer to ${action}`, () => this.announcements.find(isIt));
  }

  /** Publishes anything to the controls channel. @returns how many heard it */
  async send(anything: unknown): Promise<number> {
    return await this.redis.publish(
      CONTROLS_CHANNEL,
      typeof anything === 'string' ? anything : JSON.stringify(anything),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lookAway();
    await this.#connection.close();
  }

  #hear(payload: Buffer): void {
    this.largest = Math.max(this.largest, payload.length);
    const announcement = readAnnouncement(payload);
    if (announcement && payload.length <= MOST_BYTES) this.announcements.push(announcement);
    else this.unreadable.push(payload.toString());
  }
}
