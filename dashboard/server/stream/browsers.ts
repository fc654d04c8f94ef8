import type { ServerResponse } from 'node:http';
import { frame } from './frame.ts';

/** At most this many pages at a time. */
export const MOST_BROWSERS = 20;
/** A browser for which more than this waits gets no more batches, but a snapshot once it has caught up: bytes. */
export const MOST_WAITING_BYTES = 512 * 1024;
/** A line that says nothing, so that a connection that has broken unnoticed is found out: ms. */
const BEAT_MS = 15_000;

interface Browser {
  readonly response: ServerResponse;
  /** Has missed something, and needs a snapshot. */
  isBehind: boolean;
}

/** The pages that are open: each gets a snapshot first, then batches; one that is slow gets a fresh snapshot in place of a backlog. */
export class Browsers {
  readonly #open = new Set<Browser>();
  readonly #snapshot: () => unknown;
  readonly #onChange: (open: number) => void;
  #id = 0;

  /** @param snapshot all that a page needs to begin @param onChange told how many are open, whenever that changes */
  constructor(snapshot: () => unknown, onChange: (open: number) => void) {
    this.#snapshot = snapshot;
    this.#onChange = onChange;
    setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  /** Bytes that wait in this process for the slowest of them. */
  get mostWaiting(): number {
    return Math.max(0, ...[...this.#open].map(({ response }) => response.writableLength));
  }

  /** Takes a page's stream. @returns false if there are too many */
  add(response: ServerResponse): boolean {
    if (this.#open.size >= MOST_BROWSERS) return false;
    const browser = { response, isBehind: true };
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write('retry: 1000\n\n');
    this.#open.add(browser);
    response.on('close', () => {
      this.#open.delete(browser);
      this.#onChange(this.#open.size);
    });
    response.on('drain', () => this.#catchUp(browser));
    this.#onChange(this.#open.size); // before the snapshot: it says that somebody looks
    this.#catchUp(browser);
    return true;
  }

  /** Sends all of them what is new. */
  send(batch: unknown): void {
    if (this.#open.size === 0) return;
    const text = frame('batch', ++this.#id, batch);
    for (const browser of this.#open) {
      if (browser.isBehind) continue;
      if (browser.response.writableLength > MOST_WAITING_BYTES) browser.isBehind = true;
      else browser.response.write(text);
    }
  }

  close(): void {
    for (const { response } of this.#open) response.end();
  }

  #catchUp(browser: Browser): void {
    if (!browser.isBehind) return;
    browser.isBehind = false;
    browser.response.write(frame('snapshot', ++this.#id, this.#snapshot()));
  }

  #beat(): void {
    for (const { response, isBehind } of this.#open) if (!isBehind) response.write(':\n\n');
  }
}
