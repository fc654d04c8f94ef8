import { type Happening, type LiveEvent, MOST_BYTES, MOST_TEXT, type Summary } from './protocol.ts';
import { Rate } from './rate.ts';

/** The most events that wait to be told; of more only the number is. */
const MOST_WAITING = 5000;
/** What an announcement has besides its events: bytes, at most. */
const FRAME_BYTES = 16 * 1024;

/** What a recorder gives to be announced: JSON of each event, and counts of the rest. */
export interface Recorded {
  readonly events: readonly string[];
  readonly summarized: readonly Summary[];
}

/** Keeps what happens, while somebody looks, until it is announced: each message, or their number when they are too many. */
export class Recorder {
  readonly #rates = new Map<string, Rate>();
  readonly #summarized = new Map<string, { pattern: string; what: Happening; messages: number }>();
  #events: string[] = [];

  /** Whether there are events to tell. */
  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  /** Whether there is anything to tell. */
  get hasAny(): boolean {
    return this.hasEvents || this.#summarized.size > 0;
  }

  /**
   * Something happened to messages.
   * @param pattern '' for all
   * @param event makes the event of one of them, by its place
   * @returns of how many, from the first on, each is told
   */
  record(pattern: string, what: Happening, messages: number, event: (place: number) => LiveEvent): number {
    const key = `${what} ${pattern}`;
    const rate = this.#rates.get(key) ?? new Rate();
    this.#rates.set(key, rate);
    const shown = Math.min(rate.take(messages, performance.now()), MOST_WAITING - this.#events.length);
    for (let place = 0; place < shown; place++) this.#events.push(JSON.stringify(event(place)));
    if (shown < messages) this.#count(key, pattern, what, messages - shown);
    return shown;
  }

  /** Only their number is known. */
  count(pattern: string, what: Happening, messages: number): void {
    this.#count(`${what} ${pattern}`, pattern, what, messages);
  }

  /** Takes as much as fits in one announcement. */
  take(): Recorded {
    let bytes = FRAME_BYTES;
    let fitting = 0;
    for (const event of this.#events) {
      bytes += Buffer.byteLength(event) + 1;
      if (bytes > MOST_BYTES) break;
      fitting++;
    }
    const events = this.#events.slice(0, fitting);
    this.#events = this.#events.slice(fitting);
    const summarized = [...this.#summarized.values()];
    this.#summarized.clear();
    return { events, summarized };
  }

  #count(key: string, pattern: string, what: Happening, messages: number): void {
    const summary = this.#summarized.get(key);
    if (summary) summary.messages += messages;
    else this.#summarized.set(key, { pattern, what, messages });
  }
}

/** A text of anybody's, cut. @param most characters */
export const cut = (text: string, most = MOST_TEXT): string => text.slice(0, most).toWellFormed();
