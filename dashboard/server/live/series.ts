import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { Quantiles, Snapshot } from '@redis-messaging/shared/live/protocol';
import type { LanePoint, Point, ServiceState } from '../../wire/wire.ts';

/** Ten minutes, a point for each second. */
const MOST_POINTS = 600;

/** What snapshots told of a pattern since the last point. */
interface Gathered {
  in: number;
  out: number;
  quantiles: Quantiles[];
}

/** The last ten minutes as points for the charts. */
export class Series {
  readonly points: Point[] = [];
  #gathered = new Map<string, Gathered>();
  #since: number | undefined;

  gather({ service, lately }: Snapshot, now: number): void {
    this.#since ??= now - (Object.values(lately)[0]?.ms ?? 0);
    for (const [pattern, { in: taken, out, handledMs }] of Object.entries(lately)) {
      const gathered = this.#gathered.get(pattern) ?? { in: 0, out: 0, quantiles: [] };
      if (service === 'publisher') gathered.in += taken;
      else gathered.out += out ?? 0;
      if (handledMs) gathered.quantiles.push(handledMs);
      this.#gathered.set(pattern, gathered);
    }
  }

  /** Makes a point of what was gathered. @returns it; `undefined` if nothing was heard */
  close(services: readonly ServiceState[], now: number): Point | undefined {
    if (this.#since === undefined) return undefined;
    const seconds = Math.max(0.1, (now - this.#since) / 1000);
    const names = new Set([
      ...this.#gathered.keys(),
      ...services.flatMap(({ snapshot }) => Object.keys(snapshot.patterns)),
    ]);
    const lanes = [...names].map(
      (name) => [name, lanePoint(name, this.#gathered.get(name), services, seconds)] as const,
    );
    const point = { at: now, lanes: Object.fromEntries(lanes), lagMs: lagsOf(services) };
    this.points.push(point);
    if (this.points.length > MOST_POINTS) this.points.shift();
    this.#gathered = new Map();
    this.#since = now;
    return point;
  }

  /** Nobody listens any more: there will be a gap. */
  pause(): void {
    this.#gathered = new Map();
    this.#since = undefined;
  }
}

function lanePoint(
  name: string,
  { in: taken, out, quantiles }: Gathered = { in: 0, out: 0, quantiles: [] },
  services: readonly ServiceState[],
  seconds: number,
): LanePoint {
  const subscribers = services.filter(({ snapshot }) => snapshot.service === 'subscriber');
  const stats = subscribers.flatMap(({ snapshot }) => (snapshot.patterns[name] as SubscriberStats | undefined) ?? []);
  const newest = services
    .filter(({ status, snapshot }) => status === 'up' && snapshot.patterns[name])
    .sort((one, other) => other.heardAt - one.heardAt)[0];
  return {
    in: taken / seconds,
    out: out / seconds,
    p50: mean(quantiles, ({ p50 }) => p50),
    p99: quantiles.length > 0 ? Math.max(...quantiles.map(({ p99 }) => p99)) : null,
    waiting: newest?.snapshot.patterns[name]?.waiting ?? null,
    lost: Math.max(0, ...stats.map(({ lost }) => lost)),
    duplicated: stats.reduce((sum, { duplicated }) => sum + duplicated, 0),
  };
}

/** Weighted by how many were measured. */
function mean(quantiles: readonly Quantiles[], pick: (quantiles: Quantiles) => number): number | null {
  const measured = quantiles.reduce((sum, { of }) => sum + of, 0);
  return measured === 0 ? null : quantiles.reduce((sum, each) => sum + pick(each) * each.of, 0) / measured;
}

function lagsOf(services: readonly ServiceState[]): Record<string, number | null> {
  const subscribers = services.filter(({ status, snapshot }) => status !== 'gone' && snapshot.service === 'subscriber');
  return Object.fromEntries(
    subscribers.map(({ status, snapshot }) => {
      const lags = Object.values(snapshot.lately).flatMap(({ lagMs }) => (lagMs === null ? [] : [lagMs]));
      return [snapshot.name, status === 'up' && lags.length > 0 ? Math.max(...lags) : null];
    }),
  );
}
