import type { Controlled } from '@redis-messaging/shared/live/controlled';
import type { Action, PublisherSettings } from '@redis-messaging/shared/live/protocol';
import { decode } from '@redis-messaging/shared/message/message';
import type { Tempo } from './tempo.ts';

/** What controls do besides changing the tempo. */
export interface ByHand {
  /** Makes a message of this text, and sends it by every pattern. @throws an Error if it is too late for that */
  send(text: string): void;
  /** Publishes a payload as it is by every pattern. */
  publishRaw(payload: string): void;
}

/** What the live page can change in a publisher. */
export class ControlledPublisher implements Controlled {
  readonly #tempo: Tempo;
  readonly #byHand: ByHand;

  constructor(tempo: Tempo, byHand: ByHand) {
    this.#tempo = tempo;
    this.#byHand = byHand;
  }

  get settings(): PublisherSettings {
    const { intervalMs, factor: pace, isPaused } = this.#tempo;
    return { interval: intervalMs / 1000, pace, isPaused };
  }

  act(action: Action, value: number | string | undefined): void {
    const number = value as number;
    if (action === 'interval') this.#tempo.set({ intervalMs: number * 1000 });
    else if (action === 'pace') this.#tempo.set({ factor: number });
    else if (action === 'pause') this.#tempo.set({ isPaused: true });
    else if (action === 'resume') this.#tempo.set({ isPaused: false });
    else if (action === 'burst') this.#tempo.add(number);
    else if (action === 'step') {
      this.#tempo.set({ isPaused: true });
      this.#tempo.add(1);
    } else if (action === 'send') this.#byHand.send(value as string);
    else if (action === 'sendBroken') this.#sendBroken(value as string);
  }

  #sendBroken(payload: string): void {
    if (decode(Buffer.from(payload)).ok)
      throw new Error('this is a message, and would be counted as one; expected text that is none');
    this.#byHand.publishRaw(payload);
  }
}
