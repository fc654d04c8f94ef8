import type { Answer, FromDashboard, RequestName } from '@redis-messaging/shared/live/supervisor';
import { REQUESTS } from '@redis-messaging/shared/live/supervisor';
import type { ControlAnswer } from '../wire/wire.ts';

/** How long `npm start` may take to do something: ms. Starting Redis may take seconds. */
const PATIENCE_MS = 15_000;

/** `npm start`, if it has started this process: it does what cannot be done through Redis. */
export class Supervisor {
  readonly #waiting = new Map<number, (answer: ControlAnswer) => void>();
  #number = 0;

  constructor() {
    process.on('message', (message: Answer) => {
      this.#waiting.get(message.answer)?.({ ok: message.ok, reason: message.reason ?? '' });
    });
  }

  /** What it does; nothing if it is not there. */
  get requests(): readonly RequestName[] {
    return process.connected ? REQUESTS : [];
  }

  /** Tells where the page is. */
  tellUrl(url: string): void {
    this.#send({ event: 'listening', url });
  }

  /** Asks for something, and waits until it is done, or not. */
  async ask(name: RequestName, further: { instance?: string; group?: string }): Promise<ControlAnswer> {
    if (!process.connected) return { ok: false, reason: 'npm start is not there to do it' };
    const request = ++this.#number;
    const answered = new Promise<ControlAnswer>((resolve) => {
      this.#waiting.set(request, resolve);
      setTimeout(() => resolve({ ok: false, reason: 'npm start did not answer' }), PATIENCE_MS).unref();
    });
    this.#send({ request, do: name, ...further });
    return await answered.finally(() => this.#waiting.delete(request));
  }

  #send(message: FromDashboard): void {
    if (process.connected) process.send?.(message, () => {});
  }
}
