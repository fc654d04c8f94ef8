import type { LatencyReport } from '@redis-messaging/shared/accounting/latency';
import { MEMBER_NUMBERS, type MemberStats } from '@redis-messaging/shared/accounting/stats';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import type { Redis } from '@redis-messaging/shared/redis/client';

/** How often a subscriber tells how it stands: ms. */
const TELL_EVERY_MS = 1000;
/** One that has told nothing for this long is gone: ms. */
const GONE_MS = 3 * TELL_EVERY_MS;
/** What one told last is shown for this long, so that those that stop together are shown together: ms. */
const SHOW_MS = 15_000;
/** What nobody renews is forgotten after this: ms. */
const KEEP_MS = 60_000;

/** What a subscriber told last. */
interface Report {
  /** ms since 1970. */
  readonly at: number;
  /** Whether it has ended in order. */
  readonly isClosed: boolean;
  readonly stats: MemberStats;
}

/**
 * How the subscribers of a group stand: each tells it every second, so that one of them can show a table of all. In Redis: a hash, a
 * field for each.
 */
export class Reports {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #own: string;
  #others: ReadonlyMap<string, Report> = new Map();
  #isClosed = false;
  /** Who was left when we closed. */
  #lastShownBy: string | undefined;

  /** @param scope what sets the group apart from others of the topic: pattern, group */
  constructor(redis: Redis, topic: string, scope: readonly string[], own: string) {
    this.#redis = redis;
    this.#key = keyOf(topic, ...scope, 'reports');
    this.#own = own;
  }

  /** Tells every second how we stand. @returns ends it */
  begin(stats: () => Promise<MemberStats>): () => void {
    const tell = async () => {
      if (!this.#redis.isReady) return;
      const told = await stats();
      if (!this.#isClosed) await this.#tell(told);
    };
    const tellQuietly = () => void tell().catch(() => {}); // it is told the next time
    tellQuietly();
    const timer = setInterval(tellQuietly, TELL_EVERY_MS);
    return () => clearInterval(timer);
  }

  /**
   * Tells how we stand in the end. In the same step it is read who is left: of those that end at the same time one is the last. What
   * Redis does not answer stays as it was.
   */
  async close(stats: MemberStats): Promise<void> {
    this.#isClosed = true;
    if (!this.#redis.isReady) return;
    const [, , all] = await this.#redis
      .multi()
      .hSet(this.#key, this.#own, this.#reportOf(stats))
      .pExpire(this.#key, KEEP_MS)
      .hGetAll(this.#key)
      .exec();
    this.#take(all as unknown as Record<string, string>);
    this.#lastShownBy = this.shownBy;
  }

  /** Reads what the others told. What Redis does not answer stays as it was. */
  async read(): Promise<void> {
    if (!this.#redis.isReady) return;
    const all = await this.#redis.hGetAll(this.#key).catch(() => undefined);
    if (all) this.#take(all);
  }

  /** Whether another gives signs of life. */
  isHere(name: string): boolean {
    const report = this.#others.get(name);
    return report !== undefined && !report.isClosed && Date.now() - report.at <= GONE_MS;
  }

  /** Who shows the table of all: the first by name, and in the end the last that ends. */
  get shownBy(): string {
    if (this.#lastShownBy !== undefined) return this.#lastShownBy;
    const here = [...this.#others.keys()].filter((name) => this.isHere(name));
    const [first = this.#own] = (this.#isClosed ? here : [...here, this.#own]).sort();
    return first;
  }

  /** How the others stand that are here, or have ended just now. */
  get others(): ReadonlyMap<string, MemberStats> {
    const shown = [...this.#others].filter(([, { at }]) => Date.now() - at <= SHOW_MS);
    return new Map(shown.map(([name, { stats }]) => [name, stats]));
  }

  async #tell(stats: MemberStats): Promise<void> {
    await Promise.all([
      this.#redis.hSet(this.#key, this.#own, this.#reportOf(stats)),
      this.#redis.pExpire(this.#key, KEEP_MS),
    ]);
  }

  #reportOf(stats: MemberStats): string {
    return JSON.stringify({ at: Date.now(), isClosed: this.#isClosed, stats } satisfies Report);
  }

  #take(all: Readonly<Record<string, string>>): void {
    const reports = Object.entries(all).flatMap(([name, text]) => {
      const report = name === this.#own ? undefined : readReport(text);
      return report ? [[name, report] as const] : [];
    });
    this.#others = new Map(reports);
    const old = reports.filter(([, { at }]) => Date.now() - at > KEEP_MS).map(([name]) => name);
    if (old.length > 0) void this.#redis.hDel(this.#key, old).catch(() => {});
  }
}

/** Reads what a subscriber told; what is not as it tells it counts as nothing. */
function readReport(text: string): Report | undefined {
  try {
    const { at, isClosed, stats } = JSON.parse(text);
    const numbers = MEMBER_NUMBERS.map((name) => [name, numberOr(0, stats[name])]);
    const latencies = { latencyMs: latencyOf(stats.latencyMs), handledMs: latencyOf(stats.handledMs) };
    return {
      at: numberOr(0, at),
      isClosed: isClosed === true,
      stats: { ...Object.fromEntries(numbers), ...latencies },
    };
  } catch {
    return undefined;
  }
}

const numberOr = <Other>(other: Other, value: unknown): number | Other =>
  typeof value === 'number' && Number.isFinite(value) ? value : other;

const latencyOf = ({ p50, p95, p99, max, negative }: Readonly<Record<string, unknown>>): LatencyReport => ({
  p50: numberOr(null, p50),
  p95: numberOr(null, p95),
  p99: numberOr(null, p99),
  max: numberOr(null, max),
  negative: numberOr(0, negative),
});
