import type { Events, LiveEvent } from '@redis-messaging/shared/live/protocol';
import type { Happened } from '../../wire/wire.ts';

/** At most this many messages are remembered, and this many bytes, as they are reckoned below. */
const MOST_MESSAGES = 3000;
const MOST_BYTES = 8 * 1024 * 1024;
/** No message has more steps: one that fails again and again would never end. */
const MOST_STEPS = 200;
/** What a step costs besides its texts, roughly: bytes. */
const STEP_BYTES = 200;
/** What lanes show at once: so many of the last happenings. */
const MOST_RECENT = 600;

/** A step as it was told, and by whom. */
export interface Told extends LiveEvent {
  readonly by: string;
  readonly instance: string;
}

interface Remembered {
  readonly key: string;
  readonly steps: Told[];
  bytes: number;
}

/** What happened to each of the last messages, in bounded memory. */
export class History {
  readonly #messages = new Map<string, Remembered>();
  #recent: Happened[] = [];
  #bytes = 0;

  /** Bytes that it holds, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#messages.size;
  }

  get recent(): readonly Happened[] {
    return this.#recent;
  }

  /** The steps of a message, in the order of their times; `undefined` if it is not remembered. */
  stepsOf(key: string): readonly Told[] | undefined {
    return this.#messages.get(key)?.steps.toSorted((one, other) => one.at - other.at);
  }

  /** @returns the same for the pages */
  add({ events, name, instance }: Events): Happened[] {
    const happened = events.map((event) => happenedOf(event, instance));
    for (const [index, event] of events.entries())
      this.#remember(happened[index]?.key as string, { ...event, by: name, instance });
    this.#recent.push(...happened);
    if (this.#recent.length > MOST_RECENT) this.#recent = this.#recent.slice(-MOST_RECENT);
    return happened;
  }

  clear(): void {
    this.#messages.clear();
    this.#recent = [];
    this.#bytes = 0;
  }

  #remember(key: string, step: Told): void {
    if (key === '') return;
    let message = this.#messages.get(key);
    if (!message) {
      message = { key, steps: [], bytes: 0 };
      this.#messages.set(key, message);
    }
    if (message.steps.length >= MOST_STEPS) return;
    const bytes = STEP_BYTES + 2 * ((step.text?.length ?? 0) + (step.reason?.length ?? 0) + step.by.length);
    message.steps.push(step);
    message.bytes += bytes;
    this.#bytes += bytes;
    while (this.#messages.size > MOST_MESSAGES || this.#bytes > MOST_BYTES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [oldest] = this.#messages.values();
    if (!oldest) return;
    this.#messages.delete(oldest.key);
    this.#bytes -= oldest.bytes;
  }
}

/** Names a message: its sender's run and its number there; '' for what is not a message. */
export const keyOfMessage = ({ session, sender, count }: LiveEvent): string =>
  count === undefined ? '' : `${session ?? sender ?? ''}:${count}`;

function happenedOf(event: LiveEvent, by: string): Happened {
  const { at, what, pattern: lane = '', count = 0, attempt, reply, fate, reason, text } = event;
  return { at: at / 1000, what, lane, by, key: keyOfMessage(event), count, attempt, reply, fate, reason, text };
}
