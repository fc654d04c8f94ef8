import { hostname } from 'node:os';
import type { StatsByPattern, SubscriberStats } from '../accounting/stats.ts';
import { type Message, newSession } from '../message/message.ts';
import type { Telemetry } from '../messaging/messaging.ts';
import type { Pattern } from '../patterns/pattern.ts';
import type { Redis } from '../redis/client.ts';
import type { ServerOptions } from '../redis/new-client.ts';
import { sanitize } from '../text/sanitize.ts';
import type { Controlled } from './controlled.ts';
import { Recent } from './lately.ts';
import { listen } from './line.ts';
import { liveConsumer, liveProducer, type Told, tellMade } from './observers.ts';
import {
  ANNOUNCEMENTS_CHANNEL,
  type Control,
  connectionName,
  type Done,
  EVENTS_EVERY_MS,
  type Lately,
  MOST_BYTES,
  MOST_NAME,
  type Origin,
  SCHEMA,
  type ServiceName,
  SNAPSHOT_EVERY_MS,
  WATCHED_FOR_MS,
} from './protocol.ts';
import { isWatching, readControl } from './read-control.ts';
import { cut, Recorder } from './recorder.ts';

/** What a service says of itself. */
export interface LiveOptions {
  readonly service: ServiceName;
  /** A publisher's SENDER, a subscriber's CONSUMER. */
  readonly name: string;
  /** A subscriber's. */
  readonly group: string | null;
  /** Its topics, by pattern. */
  readonly topics: ReadonlyMap<Pattern, string>;
  /** Into how many partitions they are split. */
  readonly partitions: number;
  readonly redis: ServerOptions;
  readonly takesControls: boolean;
}

/** What the live page is told of a service at work. */
export interface LiveSource {
  /** Announces. */
  readonly redis: Redis;
  stats(): Promise<StatsByPattern>;
  readonly controlled: Controlled;
  /** Redis refuses to let us listen. */
  refused(reason: string): void;
}

/** The shares of more subscribers are not told. */
const MOST_SHARES = 100;

/**
 * A service's part in the live page: hears whether somebody looks, and tells then what happens here; does what controls say. While
 * nobody looks, it adds up a number for each batch, and says nothing.
 */
export class Live {
  /** Random: names this process. */
  readonly instance = newSession();
  /** Messages on our channels that were not what they should be: ignored. */
  invalid = 0;
  readonly #options: LiveOptions;
  readonly #patterns: ReadonlyMap<string, { readonly pattern: Pattern; readonly told: Told }>;
  readonly #startedAt = Date.now();
  #source: LiveSource | undefined;
  #recorder: Recorder | undefined;
  /** Steady ms. */
  #watchedUntil = 0;
  #snapshotAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isTelling = false;
  #hangUp = (): void => {};

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#patterns = new Map([...options.topics.keys()].map((pattern) => [pattern.name, this.#follow(pattern)]));
  }

  /** Follows each producer and consumer. */
  get telemetry(): Telemetry {
    const of = (name: string) => this.#patterns.get(name);
    return {
      producer: (_topic, name) => liveProducer(name, of(name)?.told as Told),
      consumer: (_topic, name) => liveConsumer(of(name)?.pattern as Pattern, of(name)?.told as Told),
    };
  }

  /** Begins to listen. */
  open(source: LiveSource): void {
    this.#source = source;
    const { service, redis, takesControls } = this.#options;
    this.#hangUp = listen({ ...redis, name: connectionName(service, this.instance) }, takesControls, {
      watching: (payload) => (isWatching(payload) ? this.#watched() : this.invalid++),
      control: (payload) => {
        const control = readControl(payload);
        if (!control) this.invalid++;
        else if (this.#isForUs(control)) void this.#obey(control);
      },
      refused: (reason) => source.refused(reason),
    });
  }

  /** Tells what has not been told yet, and ends. */
  async close(): Promise<void> {
    this.#hangUp();
    if (this.#recorder?.hasAny) await this.#tellEvents(this.#recorder);
    this.#rest();
  }

  /** Messages were made, for all patterns. */
  made(messages: readonly { readonly message: Message }[]): void {
    if (this.#recorder) tellMade(this.#recorder, messages);
  }

  #follow(pattern: Pattern) {
    const recorder = () => this.#recorder;
    const told: Told = {
      recent: new Recent(),
      get recorder() {
        return recorder();
      },
    };
    return { pattern, told };
  }

  #watched(): void {
    this.#watchedUntil = performance.now() + WATCHED_FOR_MS;
    if (this.#recorder) return;
    this.#recorder = new Recorder();
    for (const { told } of this.#patterns.values()) told.recent.restart();
    this.#snapshotAt = 0;
    this.#timer = setInterval(() => void this.#tell(), EVENTS_EVERY_MS);
    void this.#tell();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#recorder = undefined;
  }

  /** Tells what is due, unless Redis has not taken what was told before. */
  async #tell(): Promise<void> {
    const recorder = this.#recorder;
    const now = performance.now();
    if (!recorder || this.#isTelling || !this.#source?.redis.isReady) return;
    if (now > this.#watchedUntil) return this.#rest();
    this.#isTelling = true;
    const isSnapshotDue = now - this.#snapshotAt >= SNAPSHOT_EVERY_MS - EVENTS_EVERY_MS / 2;
    if (isSnapshotDue) this.#snapshotAt = now;
    if (recorder.hasEvents || (isSnapshotDue && recorder.hasAny)) await this.#tellEvents(recorder);
    if (isSnapshotDue) await this.#tellSnapshot();
    this.#isTelling = false;
  }

  async #tellEvents(recorder: Recorder): Promise<void> {
    const { events, summarized } = recorder.take();
    const rest = JSON.stringify({ ...this.#origin, kind: 'events', summarized });
    await this.#announce(`${rest.slice(0, -1)},"events":[${events.join()}]}`);
  }

  async #tellSnapshot(): Promise<void> {
    const { group, takesControls, partitions } = this.#options;
    const { stats, controlled } = this.#source as LiveSource;
    const patterns = Object.entries(await stats()).map(([name, each]) => [name, withFewShares(each)] as const);
    const lately = patterns.map(([name, each]) => [name, this.#latelyOf(name, each)] as const);
    const topics = [...this.#options.topics].map(([{ name }, topic]) => [name, cut(topic, MOST_NAME)] as const);
    const snapshot = {
      ...this.#origin,
      kind: 'snapshot',
      pid: process.pid,
      host: hostname(),
      startedAt: this.#startedAt,
      group: group === null ? null : cut(group, MOST_NAME),
      takesControls,
      settings: controlled.settings,
      patterns: Object.fromEntries(patterns),
      topics: Object.fromEntries(topics),
      partitions,
      lately: Object.fromEntries(lately),
    };
    await this.#announce(JSON.stringify(snapshot));
  }

  #latelyOf(name: string, stats: StatsByPattern[string]): Lately {
    const { told, pattern } = this.#patterns.get(name) as { told: Told; pattern: Pattern };
    const { recent } = told;
    if (this.#options.service === 'publisher') return recent.takeSent();
    return recent.takeReceived(stats.waiting, pattern.guarantees.delivery === 'at-least-once' ? stats.inFlight : null);
  }

  async #obey(control: Control): Promise<void> {
    const reason = this.#act(control);
    const done: Done = {
      ...this.#origin,
      kind: 'done',
      control: control.id,
      do: control.do,
      ok: reason === '',
      reason: cut(sanitize(reason), MOST_NAME),
    };
    await this.#announce(JSON.stringify(done));
    if (control.do === 'die') process.kill(process.pid, 'SIGKILL');
  }

  /** @returns why not; '' if it was done */
  #act({ do: action, value }: Control): string {
    const controlled = this.#source?.controlled;
    if (action === 'die') return '';
    if (!controlled) return 'the service has not begun';
    try {
      controlled.act(action, value);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  }

  #isForUs({ to }: Control): boolean {
    return to.service === this.#options.service && (to.instance ?? this.instance) === this.instance;
  }

  get #origin(): Origin {
    const { service, name } = this.#options;
    return { v: SCHEMA, service, name: cut(name, MOST_NAME), instance: this.instance, at: Date.now() };
  }

  /** Never throws: what cannot be said is not said. */
  async #announce(text: string): Promise<void> {
    const redis = this.#source?.redis;
    if (!redis?.isReady || Buffer.byteLength(text) > MOST_BYTES) return;
    await redis.publish(ANNOUNCEMENTS_CHANNEL, text).catch(() => {});
  }
}

function withFewShares(stats: StatsByPattern[string]): StatsByPattern[string] {
  const { shares = {} } = stats as Partial<SubscriberStats>;
  return Object.keys(shares).length > MOST_SHARES ? { ...stats, shares: {} } : stats;
}
