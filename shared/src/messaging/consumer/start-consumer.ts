import { once, setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { consumerObservers } from '../observers.ts';
import { type ConsumerContext, type ConsumerOptions, type ConsumerStatus, consume, type Workers } from './consumer.ts';
import type { Handler } from './handler.ts';

/** A consumer at work. */
export interface Consumer<Value = unknown> extends AsyncDisposable {
  /** Resolves when it has subscribed for the first time, or has been closed; rejects as `finished` does. */
  readonly ready: Promise<void>;
  /**
   * Whether it is subscribed now, on a connection that stands, and consumes: Redis has answered a read, even with nothing, within 5 s,
   * or a handler is at work within its timeout.
   */
  readonly isReady: boolean;
  /** Resolves when it has ended; rejects if Redis refuses the connection for good, or with a mistake of the program. */
  readonly finished: Promise<void>;
  /**
   * Has what is begun from now on handled by another handler, or by none (`undefined`), or by more or fewer at a time. What is
   * handled now goes on.
   * @throws TypeError or RangeError if they are not as they should be
   */
  change(workers: Partial<Workers<Value>>): void;
  /**
   * Takes nothing more, lets handlers end, and settles what is in flight: what is not handled in time is requeued where the pattern
   * can. Resolves when that is done.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** How much time a consumer has to end. */
export interface CloseOptions {
  /** Handlers are told to give up one second before this (or after half of it, if that is less): ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Aborts when handlers are to give up now. */
  readonly abandon?: AbortSignal | undefined;
}

const CLOSE_TIMEOUT_MS = 10_000;

/** What a consumer does if its options do not say otherwise. */
export const CONSUMER_DEFAULTS = {
  group: 'consumers',
  groupStart: '0',
  concurrency: 1,
  handlerTimeoutMs: 300_000,
  maxAttempts: 5,
  leaseMs: 30_000,
  dedupeTtlMs: 0,
  maxLength: 0,
} as const satisfies ConsumerOptions;

/**
 * Starts to consume, once the connection is open.
 *
 * @param opened rejects if it cannot be opened
 * @throws TypeError or RangeError if the options are not as they should be
 */
export function startConsumer<Value>(
  context: Omit<ConsumerContext<Value>, 'signal' | 'abandon' | 'status' | 'workers'>,
  handler: Handler<Value> | undefined,
  options: ConsumerOptions,
  opened: Promise<void>,
): Consumer<Value> {
  checkHandler('consume', handler);
  const complete = completed(options ?? {}, context.codec.idIn !== undefined);
  const workers: Workers<Value> = { handler, concurrency: complete.concurrency };
  const stop = new AbortController();
  const abandon = new AbortController();
  setMaxListeners(0, stop.signal, abandon.signal);
  let isSubscribed = false;
  const status: ConsumerStatus = { isConsuming: () => false, workersChanged: () => {} };
  let subscribed = () => {};
  const firstTime = new Promise<void>((resolve) => {
    subscribed = resolve;
  });
  const observer = consumerObservers(context.observer, {
    subscribed(is) {
      isSubscribed = is;
      if (is) subscribed();
    },
  });
  const run = async () => {
    try {
      await Promise.race([opened, aborted(stop.signal)]);
      const signals = { signal: stop.signal, abandon: abandon.signal };
      await consume({ ...context, workers, observer, status, ...signals }, complete);
    } catch (error) {
      if (!stop.signal.aborted) observer.trouble?.((error as Error).message);
      throw error;
    }
  };
  const finished = run();
  const ready = Promise.race([firstTime, finished]);
  for (const promise of [finished, ready]) promise.catch(() => {}); // whoever asks gets it

  async function close({ timeoutMs = CLOSE_TIMEOUT_MS, abandon: now }: CloseOptions = {}): Promise<void> {
    stop.abort(new Error('the consumer was closed'));
    const giveUp = () => abandon.abort(new Error('the consumer was closed'));
    const timer = setTimeout(giveUp, Math.max(timeoutMs - 1000, timeoutMs / 2));
    if (now?.aborted) giveUp();
    now?.addEventListener('abort', giveUp, { once: true });
    await finished.catch(() => {});
    clearTimeout(timer);
    now?.removeEventListener('abort', giveUp);
  }

  return {
    ready,
    finished,
    get isReady() {
      return isSubscribed && context.connection.isReady && status.isConsuming();
    },
    change(changes) {
      if ('handler' in changes) checkHandler('change', changes.handler);
      const { concurrency = workers.concurrency } = changes;
      checkNumber('change', 'concurrency', concurrency, 1);
      Object.assign(workers, changes, { concurrency });
      status.workersChanged();
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The options with their defaults. @throws TypeError or RangeError, with the option, what was expected and what was given */
function completed(options: ConsumerOptions, hasIds: boolean): Required<ConsumerOptions> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const complete = {
    ...CONSUMER_DEFAULTS,
    name: given.name ?? ownName(),
    ...given,
  } as Required<ConsumerOptions>;
  for (const [option, least] of LEAST) checkNumber('consume', option, complete[option], least);
  if (!['0', '$'].includes(complete.groupStart))
    throw new RangeError(`consume: groupStart is ${complete.groupStart}; expected '0' or '$'`);
  if (complete.name === '' || complete.group === '') throw new RangeError('consume: name and group must not be empty');
  if (Number(complete.dedupeTtlMs) > 0 && !hasIds)
    throw new TypeError('consume: dedupeTtlMs needs the ids of messages; expected a codec with idIn');
  return complete;
}

function checkHandler(method: string, handler: unknown): void {
  if (handler !== undefined && typeof handler !== 'function')
    throw new TypeError(`${method}: handler is ${typeof handler}; expected a function, or undefined`);
}

function checkNumber(method: string, option: string, value: unknown, least: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > MOST)
    throw new RangeError(`${method}: ${option} is ${value}; expected a whole number from ${least} to ${MOST}`);
}

/** Completed with a number from the second on: a consumer's name is its own, also in one process. */
function ownName(): string {
  const name = `${hostname()}-${process.pid}`;
  return ++names === 1 ? name : `${name}-${names}`;
}

let names = 0;

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** The most of any: a timer that is to take longer fires at once. */
const MOST = 2 ** 31 - 1;

/** Options that are numbers, and the least that each may be. */
const LEAST = [
  ['concurrency', 1],
  ['handlerTimeoutMs', 0],
  ['maxAttempts', 1],
  ['leaseMs', 100],
  ['dedupeTtlMs', 0],
  ['maxLength', 0],
] as const;
