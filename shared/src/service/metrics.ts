import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Stats, StatsByPattern } from '../accounting/stats.ts';

const PREFIX = 'redis_messaging_';
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Stats that only grow, and stats that may fall (a message that was missing may still come). */
const counters: Readonly<Record<string, string>> = {
  made: 'Messages made',
  refused: 'Messages that Redis certainly did not take',
  retried: 'Messages sent again because nobody can say whether they arrived',
  received: 'Different messages received',
  duplicated: 'Deliveries of messages that had been received before',
  reordered: 'Messages that came after one with a higher count',
  redelivered: 'Deliveries of what had been delivered before, and not acknowledged',
  deduplicated: 'Deliveries of what had been handled before, and was left out',
  missing: 'Messages that were gone from Redis before they were acknowledged',
  failed: 'Deliveries whose handler failed',
  exhausted: 'Messages dead-lettered because their attempts were used up',
  leasesLost: 'Acknowledgements of messages that had gone to another subscriber',
  invalid: 'Payloads that are not messages',
  noSubscribers: 'Published messages that reached no subscriber',
};
const gauges: Readonly<Record<string, string>> = {
  unconfirmed: 'Messages that Redis may or may not have taken: the connection broke before it answered',
  accepted: 'Messages that Redis took, as far as is known',
  handled: 'Different messages handled by the audience',
  dead: 'Messages of the audience among the dead letters',
  lost: 'Messages neither handled nor in Redis, for a cause that is known',
  elsewhere: 'Messages with another subscriber, waiting, or from before the first that was seen',
  moving: 'The remainder of the account while messages are on their way',
  unexplained: 'The remainder of the account once nothing moves: a fault',
  buffered: 'Messages in the publisher that Redis has not taken yet',
  waiting: 'Messages that wait in Redis',
  inFlight: 'Messages in the hands of subscribers, not acknowledged yet',
  deadLetters: 'Messages among the dead letters',
  listeners: 'Subscribers of the topic',
  wildcards: 'Subscriptions to channels by wildcard, of all topics',
};

/** Sets a pattern's value; `null` for one that is not known now. */
type Setter = (pattern: string, value: number | null) => void;

/** What the metrics are read from when somebody scrapes. */
export interface MetricsSource {
  stats(): Promise<StatsByPattern>;
  reconnects(): number;
}

/** The metrics of one service, by pattern, for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  readonly #latency: Histogram<'pattern'> | undefined;
  readonly #setters = new Map<string, Setter>();

  /** @param enabled whether anybody will ask; if not, observing costs nothing */
  constructor(enabled: boolean) {
    if (!enabled) return;
    collectDefaultMetrics({ register: this.registry });
    this.#latency = new Histogram({
      name: `${PREFIX}latency_seconds`,
      help: 'Time from making a message to receiving it',
      labelNames: ['pattern'],
      buckets: LATENCY_BUCKETS,
      registers: [this.registry],
    });
  }

  /** A function that books a latency in µs for a pattern, fit for every message. */
  latencyObserver(pattern: string): (micros: number) => void {
    const histogram = this.#latency?.labels(pattern);
    return histogram ? (micros) => histogram.observe(micros / 1_000_000) : () => {};
  }

  /** The text that Prometheus scrapes. */
  async scrape(source: MetricsSource): Promise<string> {
    for (const [pattern, stats] of Object.entries(await source.stats())) this.#update(pattern, stats);
    this.#set(
      'reconnects',
      'How often the service was cut off from Redis and came back',
      true,
    )('', source.reconnects());
    return await this.registry.metrics();
  }

  #update(pattern: string, stats: Stats): void {
    for (const [name, value] of Object.entries(stats)) {
      const help = counters[name] ?? gauges[name];
      if (help) this.#set(name, help, name in counters)(pattern, value as number | null);
    }
  }

  #set(name: string, help: string, grows: boolean): Setter {
    const existing = this.#setters.get(name);
    if (existing) return existing;
    const labelled = name !== 'reconnects';
    const options = { help, labelNames: labelled ? ['pattern'] : [], registers: [this.registry] };
    const metric = grows
      ? new Counter({ name: `${PREFIX}${name}_total`, ...options })
      : new Gauge({ name: `${PREFIX}${name}`, ...options });
    const setter: Setter = (pattern, value) => {
      const labels = labelled ? { pattern } : {};
      metric.remove(labels);
      if (value !== null) metric.inc(labels, value);
    };
    this.#setters.set(name, setter);
    return setter;
  }
}
