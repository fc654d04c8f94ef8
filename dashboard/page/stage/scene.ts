import type { Happened } from '../../wire/wire.ts';
import type { LaneKind } from './lane-kind.ts';

/** No lane shows more of each. */
const MOST = 300;
/** How long a mark of something that went wrong is seen: ms. */
const FADE_MS = 1400;
/** How long what Redis keeps is seen to rest there at least, as a share of the time of travel. */
const REST = 0.5;
/** What is in a place for this long is in the figures of the services, too: ms. */
const SETTLED_MS = 1500;

/** A message in Redis. Times are those at which it is shown, in ms of the page's steady clock. */
export interface Chip {
  readonly key: string;
  readonly count: number;
  readonly from: number;
  /** When it leaves Redis, or is acknowledged; Infinity = not yet. */
  until: number;
  /** When somebody took it: until then it waits. */
  takenAt: number;
  /** The instance that took it. */
  takenBy: string;
  /** Where it is drawn; set by the painter. */
  x?: number;
}

/** A message on its way between two places, which are names of anchors. */
export interface Mover {
  readonly key: string;
  readonly count: number;
  readonly from: string;
  readonly to: string;
  readonly start: number;
  readonly end: number;
  readonly tone: 'good' | 'again' | 'bad';
}

/** A message in a subscriber's hands. */
export interface Held {
  readonly key: string;
  readonly count: number;
  readonly from: number;
  until: number;
  readonly attempt: number;
}

/** A short sign at a place: handled, lost, failed, dead. */
export interface Sign {
  readonly at: number;
  readonly anchor: string;
  readonly what: 'handled' | 'lost' | 'failed' | 'dead';
  readonly count: number;
  readonly until: number;
}

/** What moves in one lane: made from what happens, and drawn by the painter. */
export class Scene {
  readonly name: string;
  readonly kind: LaneKind;
  readonly chips = new Map<string, Chip>();
  readonly hands = new Map<string, Map<string, Held>>();
  /** Of messages that are not known to be in Redis yet, because services tell what happens each for itself: who took it, and more. */
  readonly #early = new Map<string, { readonly by: string; isDone: boolean }>();
  movers: Mover[] = [];
  signs: Sign[] = [];

  constructor(name: string, kind: LaneKind) {
    this.name = name;
    this.kind = kind;
  }

  /** Whether anything has yet to change on the screen by itself. */
  isMoving(now: number): boolean {
    return this.movers.length > 0 || this.signs.some(({ until }) => until > now);
  }

  clear(): void {
    this.chips.clear();
    this.hands.clear();
    this.#early.clear();
    this.movers = [];
    this.signs = [];
  }

  /** A process has ended: what it had in its hands it has no more. What Redis keeps for it stays. */
  ended(instance: string, now: number): void {
    for (const { count, until } of this.hands.get(instance)?.values() ?? [])
      if (until === Number.POSITIVE_INFINITY && (this.kind === 'channel' || this.kind === 'list'))
        this.#sign('lost', `sub:${this.name}:${instance}`, count, now);
    this.hands.delete(instance);
  }

  /** @param travelMs how long a message moves from one place to the next; 0 = it is there at once */
  take(happened: Happened, now: number, travelMs: number): void {
    const { what, by, key, count } = happened;
    const subscriber = `sub:${this.name}:${by}`;
    if (what === 'accepted') this.#accepted(happened, now, travelMs);
    else if (what === 'received') this.#received(happened, now, travelMs);
    else if (what === 'handled' || what === 'deduplicated') this.#handled(by, key, count, now);
    else if (what === 'acknowledged') this.#done(key, now);
    else if (what === 'failed') this.#failed(happened, now);
    else if (what === 'dead' || what === 'invalid') {
      this.#letGo(by, key, now);
      this.#done(key, now);
      this.#sign('dead', subscriber, count, now);
    } else if (what === 'lost' || what === 'dropped' || what === 'missing') {
      this.#letGo(by, key, now);
      this.#done(key, now);
      this.#sign('lost', subscriber, count, now);
    } else if (what === 'requeued') this.#requeued(by, key, now);
    else if (what === 'lease-lost' || what === 'kept') this.#letGo(by, key, now);
    else if (what === 'refused') this.#sign('lost', `publisher:${this.name}`, count, now);
  }

  /**
   * Forgets what is not in Redis any more, as the services count it: not all that happens is told one by one.
   * @param waiting messages that wait @param inFlight messages that are with subscribers; `null` = not known
   */
  reconcile(waiting: number | null, inFlight: number | null, now: number): void {
    if (this.kind === 'log' || this.kind === 'channel') return;
    const settled = [...this.chips.values()].filter(({ from, until }) => from < now - SETTLED_MS && until > now);
    const unread = settled.filter(({ takenAt }) => takenAt > now);
    if (waiting !== null) for (const chip of unread.slice(0, Math.max(0, unread.length - waiting))) chip.until = now;
    const taken = settled.filter(({ takenAt }) => takenAt < now - SETTLED_MS);
    if (inFlight !== null) for (const chip of taken.slice(0, Math.max(0, taken.length - inFlight))) chip.until = now;
    if (this.#early.size >= MOST) this.#early.clear();
  }

  /** From now on it is told how many, not which: nobody will say what becomes of these. */
  becomeFlow(): void {
    if (this.kind !== 'log') this.chips.clear();
    this.hands.clear();
  }

  /** Forgets what is not to be seen any more. */
  tidy(now: number): void {
    this.movers = this.movers.filter(({ end }) => end > now);
    this.signs = this.signs.filter(({ until }) => until > now);
    if (this.kind !== 'log') for (const [key, { until }] of this.chips) if (until <= now) this.chips.delete(key);
    for (const held of this.hands.values()) for (const [key, { until }] of held) if (until <= now) held.delete(key);
    for (const key of this.chips.keys()) {
      if (this.chips.size <= MOST) break;
      this.chips.delete(key);
    }
  }

  #accepted({ key, count, reply }: Happened, now: number, travelMs: number): void {
    const end = now + travelMs;
    this.#move({ key, count, from: `publisher:${this.name}`, to: `holds:${this.name}`, start: now, end, tone: 'good' });
    const isKept = this.kind !== 'channel';
    const until = isKept ? Number.POSITIVE_INFINITY : end;
    if (!this.chips.has(key))
      this.chips.set(key, { key, count, from: end, until, takenAt: Number.POSITIVE_INFINITY, takenBy: '' });
    const early = this.#early.get(key);
    const chip = this.chips.get(key);
    if (chip && early) this.#take(chip, early.by, end);
    this.#early.delete(key);
    if (early?.isDone) this.#done(key, end);
    if (!isKept && reply === 0) this.#sign('lost', `holds:${this.name}`, count, end);
  }

  #received({ key, count, by, attempt = 1 }: Happened, now: number, travelMs: number): void {
    const chip = this.chips.get(key);
    const start = Math.max(now, (chip?.from ?? now) + (this.kind === 'channel' ? 0 : travelMs * REST));
    const end = start + travelMs;
    const tone = attempt > 1 ? 'again' : 'good';
    const to = `sub:${this.name}:${by}`;
    this.#move({ key, count, from: `holds:${this.name}`, to, start, end, tone });
    const held = this.hands.get(by) ?? new Map<string, Held>();
    this.hands.set(by, held);
    if (held.size < MOST) held.set(key, { key, count, from: end, until: Number.POSITIVE_INFINITY, attempt });
    if (chip) this.#take(chip, by, start);
    else if (this.#early.size < MOST) this.#early.set(key, { by, isDone: false });
  }

  #take(chip: Chip, by: string, at: number): void {
    chip.takenAt = at;
    chip.takenBy = by;
    if (this.kind === 'channel' || this.kind === 'list') chip.until = at;
  }

  #handled(by: string, key: string, count: number, now: number): void {
    const at = this.#letGo(by, key, now);
    this.#sign('handled', `sub:${this.name}:${by}`, count, at);
  }

  #failed({ by, key, count, fate }: Happened, now: number): void {
    const at = this.#letGo(by, key, now);
    if (fate === 'again') this.#sign('failed', `sub:${this.name}:${by}`, count, at); // else it is told what becomes of it
    const chip = this.chips.get(key);
    if (chip && fate === 'again') chip.takenAt = Number.POSITIVE_INFINITY;
    else this.#done(key, now);
  }

  #requeued(by: string, key: string, now: number): void {
    this.#letGo(by, key, now);
    const chip = this.chips.get(key);
    if (!chip) return;
    chip.takenAt = Number.POSITIVE_INFINITY;
    chip.until = Number.POSITIVE_INFINITY;
  }

  /** @returns when it is seen to leave the hands */
  #letGo(by: string, key: string, now: number): number {
    const held = this.hands.get(by)?.get(key);
    if (!held) return now;
    held.until = Math.max(now, held.from + 120); // or nobody would see it there
    return held.until;
  }

  /** Redis keeps it for nobody any more; a log keeps it all the same. */
  #done(key: string, now: number): void {
    const chip = this.chips.get(key);
    const early = this.#early.get(key);
    if (early) early.isDone = true;
    if (chip && this.kind !== 'channel')
      chip.until = Math.max(now, chip.takenAt === Number.POSITIVE_INFINITY ? chip.from : chip.takenAt + 300);
  }

  #move(mover: Mover): void {
    if (mover.end > mover.start && this.movers.length < MOST) this.movers.push(mover);
  }

  #sign(what: Sign['what'], anchor: string, count: number, at: number): void {
    if (this.signs.length < MOST) this.signs.push({ at, anchor, what, count, until: at + FADE_MS });
  }
}
