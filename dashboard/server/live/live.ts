import type { Announcement, Done, Events, Summary } from '@redis-messaging/shared/live/protocol';
import { partitionFor, partitionsOf } from '@redis-messaging/shared/messaging/partitions/names';
import type {
  Happened,
  Mark,
  MessageHistory,
  PageBatch,
  PageSnapshot,
  Point,
  RedisNode,
  RedisState,
  Step,
} from '../../wire/wire.ts';
import { commandOf, payloadOf } from './commands.ts';
import { History, type Told } from './history.ts';
import type { Places } from './nodes.ts';
import { allFacts, patternOf } from './patterns.ts';
import { Series } from './series.ts';
import { Services } from './services.ts';

/** From one point of the charts to the next: ms. */
const POINT_EVERY_MS = 1000;
/** More happenings than this in one batch are left out of it, and their number said: a page could not show them anyway. */
const MOST_HAPPENED = 2000;
const MOST_MARKS = 200;
/** The connection to Redis is gone, and there again: if there is one server; and if there are several. */
const ONLY_ONE = ['Redis is unreachable', 'Redis is back'] as const;
const ONE_OF_SEVERAL = ['the server by which this page hears is gone', 'this page hears again'] as const;

/** What the pages show: heard from the services, bounded, as plain data. */
export class Live {
  readonly services = new Services();
  readonly history = new History();
  readonly #series = new Series();
  readonly #marks: Mark[] = [];
  readonly #onDone: (done: Done) => void;
  #news: { happened: Happened[]; summarized: Summary[]; points: Point[]; marks: Mark[]; redis?: RedisState } = none();
  #pointAt = 0;
  #redis: Pick<RedisState, 'status' | 'nodes'> = { status: 'unknown', nodes: [] };
  /** Of whom it was said that they say nothing. */
  readonly #silent = new Set<string>();

  /** @param onDone told what became of a control */
  constructor(onDone: (done: Done) => void) {
    this.#onDone = onDone;
  }

  hear(announcement: Announcement, now: number): void {
    if (announcement.kind === 'done') this.#onDone(announcement);
    else if (announcement.kind === 'events') this.#hearEvents(announcement);
    else {
      const before = this.services.get(announcement.instance);
      this.services.hear(announcement, now);
      if (before?.status === 'silent' && this.#silent.delete(announcement.instance))
        this.mark({ at: now, kind: 'end', text: `${announcement.name} is heard again`, place: 'subscribers' });
      this.#series.gather(announcement, now);
    }
  }

  /** What the topics of the services are called in Redis. */
  get places(): Places {
    const places = new Map<string, readonly string[] | undefined>();
    for (const { snapshot } of this.services.all)
      for (const [lane, topic] of Object.entries(snapshot.topics)) {
        const canBeSplit = patternOf(lane)?.isPartitionable;
        if (canBeSplit !== undefined)
          places.set(lane, canBeSplit ? partitionsOf(topic, snapshot.partitions) : undefined);
      }
    return places;
  }

  hearRedis(redis: RedisState): void {
    const { status: before, nodes } = this.#redis;
    this.#redis = redis;
    this.#markNodes(nodes, redis.nodes);
    this.#news.redis = redis;
    const [gone, back] = redis.nodes.length > 0 ? ONE_OF_SEVERAL : ONLY_ONE;
    if (redis.status === 'down' && before !== 'down')
      this.mark({ at: redis.since, kind: 'fault', text: gone, place: 'redis' });
    else if (redis.status === 'up' && before === 'down')
      this.mark({ at: redis.since, kind: 'end', text: back, place: 'redis' });
  }

  mark(mark: Mark): void {
    this.#marks.push(mark);
    if (this.#marks.length > MOST_MARKS) this.#marks.shift();
    this.#news.marks.push(mark);
  }

  /** Takes the time: finds out who is silent, and makes the points of the charts. To be called often while somebody looks. */
  tick(now: number): void {
    for (const { snapshot } of this.services.look(now)) {
      if (this.#redis.status === 'down') continue; // without Redis, nobody is heard
      this.#silent.add(snapshot.instance);
      this.mark({ at: now, kind: 'fault', text: `${snapshot.name} says nothing any more`, place: 'subscribers' });
    }
    if (now - this.#pointAt < POINT_EVERY_MS) return;
    this.#pointAt = now;
    const point = this.#series.close(this.services.all, now);
    if (point) this.#news.points.push(point);
  }

  /** Nobody looks any more: what is known of the services and messages would be wrong by the next time. */
  pause(): void {
    this.services.clear();
    this.history.clear();
    this.#series.pause();
    this.#news = none();
  }

  /** What has changed since the last call; `undefined` if nothing has. */
  changes(now: number): PageBatch | undefined {
    const { happened, summarized, points, marks, redis } = this.#news;
    const services = this.services.changes();
    this.#news = none();
    const batch: PageBatch = {
      at: now,
      ...services,
      ...(redis && { redis }),
      ...(happened.length > 0 && { happened }),
      ...(summarized.length > 0 && { summarized }),
      ...(points.length > 0 && { points }),
      ...(marks.length > 0 && { marks }),
    };
    return Object.keys(batch).length > 1 ? batch : undefined;
  }

  snapshot(now: number): Omit<PageSnapshot, 'can' | 'redis'> {
    return {
      at: now,
      patterns: allFacts,
      services: this.services.all,
      points: this.#series.points,
      marks: this.#marks,
      recent: this.history.recent,
    };
  }

  /** All that is known of a message; `undefined` if it is not remembered. */
  historyOf(key: string): MessageHistory | undefined {
    const told = this.history.stepsOf(key);
    const [first] = told ?? [];
    if (!told || !first) return undefined;
    const payload = payloadOf(told);
    const text = told.find((step) => step.text !== undefined)?.text ?? '';
    const { id = '', sender = '', count = 0 } = first;
    return { key, id, sender, count, text, steps: told.map((step) => this.#stepOf(step, payload)) };
  }

  #markNodes(before: readonly RedisNode[], nodes: readonly RedisNode[]): void {
    const mark = (kind: Mark['kind'], text: string) => this.mark({ at: Date.now(), kind, text, place: 'redis' });
    for (const { address, role, isUp } of nodes) {
      const known = before.find((node) => node.address === address);
      if (!known) continue;
      if (known.isUp && !isUp) mark('fault', `the ${known.role} ${address} is gone`);
      if (!known.isUp && isUp) mark('end', `${address} is back, as a ${role}`);
      else if (known.role === 'replica' && role === 'primary') mark('end', `${address} is a primary now`);
    }
  }

  #stepOf(told: Told, payload: string): Step {
    const { at, what, pattern: lane = '', by, attempt, reply, batch, entry, reason, fate } = told;
    const pattern = patternOf(lane);
    const teller = this.services.get(told.instance)?.snapshot;
    const whole = teller?.topics[lane] ?? pattern?.topic.default ?? '';
    const partitions = pattern?.isPartitionable ? partitionsOf(whole, teller?.partitions ?? 1) : [whole];
    const topic = partitions[partitionFor(told.id ?? '', partitions.length)] as string;
    const group = teller?.group ?? 'subscribers';
    const command = pattern ? commandOf(told, { pattern, topic, group, payload }) : '';
    return { at, what, lane, by, attempt, reply, batch, entry, reason, fate, command };
  }

  #hearEvents(events: Events): void {
    const happened = this.history.add(events);
    const room = MOST_HAPPENED - this.#news.happened.length;
    this.#news.happened.push(...happened.slice(0, Math.max(0, room)));
    for (const { what, lane } of happened.slice(Math.max(0, room)))
      this.#news.summarized.push({ pattern: lane, what, messages: 1 });
    this.#news.summarized.push(...events.summarized);
  }
}

const none = () => ({ happened: [], summarized: [], points: [], marks: [] });
