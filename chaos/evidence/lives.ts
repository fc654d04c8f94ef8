import { closeSync, openSync, readSync } from 'node:fs';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Line } from '../../testkit/service-process.ts';
import type { Life } from './evidence.ts';

const CHUNK = 1024 * 1024;

/** The lives of all messages, as publishers and handlers tell of them while they happen. */
export class Lives {
  /** How many messages Redis has accepted, and how many of those that are known were handled, each pattern for itself. */
  readonly counts = { accepted: 0, handled: 0 };
  /** By pattern, then by id. */
  readonly #all: ReadonlyMap<string, Map<string, Life>>;
  /** How much of each file has been read: bytes. */
  readonly #read = new Map<string, number>();

  constructor(patterns: readonly Pattern[]) {
    this.#all = new Map(patterns.map(({ name }) => [name, new Map()]));
  }

  /** The lives of a pattern's messages, by id. */
  of(pattern: string): ReadonlyMap<string, Life> {
    return this.#all.get(pattern) ?? new Map();
  }

  /** Takes a line of a publisher's log that says that Redis has accepted a message. */
  accepted(pattern: string, { id, time, publishMs }: Line): void {
    const life = this.#lifeOf(pattern, id);
    if (!life) return;
    if (life.acceptedAt === undefined) this.counts.accepted++;
    life.acceptedAt ??= Date.parse(time);
    life.madeAt ??= Date.parse(time) - publishMs;
  }

  /** Reads what handlers have noted in their files since the last time. */
  readNotes(files: Iterable<string>): void {
    for (const file of files) {
      const from = this.#read.get(file) ?? 0;
      const text = readFrom(file, from);
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      this.#read.set(file, from + whole.length); // notes are ASCII
      for (const line of whole.split('\n')) if (line !== '') this.#take(line);
    }
  }

  #take(line: string): void {
    const [time, fate, id, pattern, pid] = line.split(' ') as [string, string, string, string, string];
    const life = this.#lifeOf(pattern, id);
    if (!life) return;
    if (fate === 'failed') life.failedAt = Number(time);
    else {
      if (life.handledAt === undefined) this.counts.handled++;
      const isFirst = Number(time) < (life.handledAt ?? Number.POSITIVE_INFINITY);
      if (isFirst) life.handledAt = Number(time);
      life.handledBy[isFirst ? 'unshift' : 'push'](Number(pid));
    }
  }

  #lifeOf(pattern: string, id: string): Life | undefined {
    const lives = this.#all.get(pattern);
    const life = lives?.get(id) ?? { handledBy: [] };
    lives?.set(id, life);
    return lives && life;
  }
}

/** What a file has behind a position; nothing if it is not there yet. */
function readFrom(path: string, position: number): string {
  const parts: Buffer[] = [];
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  while (true) {
    const chunk = Buffer.alloc(CHUNK);
    const bytes = readSync(file, chunk, 0, CHUNK, position);
    if (bytes === 0) break;
    parts.push(chunk.subarray(0, bytes));
    position += bytes;
  }
  closeSync(file);
  return Buffer.concat(parts).toString('latin1');
}
