import { nowMicros } from '../accounting/clock.ts';
import { ranked } from '../accounting/ranked.ts';
import type { Lately, Quantiles } from './protocol.ts';

/** The most latencies that are kept from one snapshot to the next. */
const MOST_KEPT = 1000;

/** Latencies of an interval: all, or a random sample of MOST_KEPT. */
class Sample {
  readonly #kept: number[] = [];
  #seen = 0;

  add(micros: number): void {
    if (this.#seen++ < MOST_KEPT) {
      this.#kept.push(micros);
      return;
    }
    const place = Math.floor(Math.random() * this.#seen);
    if (place < MOST_KEPT) this.#kept[place] = micros;
  }

  /** Takes what has been added since the last call. In ms. */
  take(): Quantiles | null {
    const kept = this.#kept.splice(0);
    this.#seen = 0;
    if (kept.length === 0) return null;
    const at = ranked(kept);
    return { p50: at(50) / 1000, p99: at(99) / 1000, max: at(100) / 1000, of: kept.length };
  }
}

/** What has happened by one pattern of late, for charts. The counts are always kept, a sum for each batch; the rest while somebody looks. */
export class Recent {
  readonly #latency = new Sample();
  readonly #handled = new Sample();
  #in = 0;
  #out = 0;
  #since = performance.now();
  /** Received, and not settled yet. */
  #inHand = 0;
  /** When the message was made that was handled last, or else received first: µs since 1970. */
  #at: number | undefined;

  /** Messages were accepted, or received. */
  came(messages: number): void {
    this.#in += messages;
  }

  /** Messages were received that wait for their handler. @param madeAt of the first: µs */
  arrived(messages: number, madeAt: number): void {
    this.#in += messages;
    this.#inHand += messages;
    this.#at ??= madeAt;
  }

  /** Messages were handled. @param madeAt of the last: µs */
  handled(messages: number, madeAt: number): void {
    this.#out += messages;
    this.settled(messages);
    this.#at = madeAt;
  }

  /** Messages are no longer this subscriber's, and were not handled. */
  settled(messages: number): void {
    this.#inHand = Math.max(0, this.#inHand - messages);
  }

  /** One of the messages handled took these times: µs. */
  measured(latency: number, handled: number): void {
    this.#latency.add(latency);
    this.#handled.add(handled);
  }

  /** Begins anew, because nobody looked before. */
  restart(): void {
    this.#take();
  }

  /** What has been accepted since the last call. */
  takeSent(): Lately {
    const { out: _, ...sent } = this.#take();
    return { ...sent, out: null, lagMs: null };
  }

  /**
   * What has been received and handled since the last call.
   * @param waiting messages that wait in Redis, if that is known
   * @param inFlight messages that Redis knows to be in the hands of subscribers; `null` where it does not
   */
  takeReceived(waiting: number | null, inFlight: number | null): Lately {
    // What went to another subscriber is not told one by one.
    if (inFlight !== null) this.#inHand = Math.min(this.#inHand, inFlight);
    return { ...this.#take(), lagMs: this.#lagMs(waiting) };
  }

  #take(): Omit<Lately, 'lagMs' | 'out'> & { readonly out: number } {
    const now = performance.now();
    const ms = now - this.#since;
    const counts = { in: this.#in, out: this.#out };
    this.#since = now;
    this.#in = this.#out = 0;
    return { ms, ...counts, latencyMs: this.#latency.take(), handledMs: this.#handled.take() };
  }

  #lagMs(waiting: number | null): number | null {
    if (this.#inHand === 0 && waiting === 0) return 0;
    if (this.#at === undefined || (this.#inHand === 0 && waiting === null)) return null;
    return Math.max(0, (nowMicros() - this.#at) / 1000);
  }
}
