import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';

type Probe = () => boolean | Promise<boolean>;

const TIMEOUT_MS = 30_000;

/** Ways to wait, all of which throw when the signal aborts. */
export class Waits {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal });
  }

  /** Waits for what must come. @throws if it does not come in time, saying what was waited for */
  async until(what: string, probe: Probe, timeoutMs = TIMEOUT_MS): Promise<void> {
    await until(what, probe, timeoutMs, this.#signal);
  }

  /** Waits for what may not come. */
  async untilOrNot(what: string, probe: Probe, timeoutMs: number): Promise<void> {
    await this.until(what, probe, timeoutMs).catch(() => this.#signal.throwIfAborted());
  }

  /** Waits, however long it takes, until a condition holds that holds at the latest when nothing has come for a while. */
  async untilSilent(probe: Probe): Promise<void> {
    await this.until('silence', probe, Number.POSITIVE_INFINITY);
  }

  /** Waits until a service has ended. */
  async exit(service: ServiceProcess): Promise<void> {
    this.#signal.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) =>
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason), { once: true }),
    );
    await Promise.race([service.exited, aborted]);
  }
}

/** Tells, whenever it is asked, for how long a number has not changed: ms. */
export function silenceOf(number: () => number): () => number {
  let before = Number.NaN;
  let since = 0;
  return () => {
    const now = number();
    if (now !== before) since = performance.now();
    before = now;
    return performance.now() - since;
  };
}
