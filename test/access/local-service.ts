import {
  type Action,
  CONTROLS_CHANNEL,
  type Control,
  SCHEMA,
  type ServiceName,
} from '@redis-messaging/shared/live/protocol';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { type Service, serve } from '@redis-messaging/shared/service/service';
import pino from 'pino';
import { startPublishing } from '../../publisher/src/publisher.ts';
import { startSubscribing } from '../../subscriber/src/subscriber.ts';
import type { Line } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';

const BEGINNERS = { publisher: startPublishing, subscriber: startSubscribing };
/** How long handlers have after a stop: ms. */
const ABANDON_MS = 100;

/** A service in this process, so that many can run at a time: all of it but what belongs to a process of its own. */
export class LocalService implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #name: ServiceName;
  readonly #stop = new AbortController();
  readonly #abandon = new AbortController();
  readonly #ended: Promise<void>;
  #service: Service | undefined;

  constructor(name: ServiceName, env: Readonly<Record<string, string>>) {
    process.connected = false; // or it would report to the process that runs the tests
    this.#name = name;
    const write = (text: string) => void this.lines.push(JSON.parse(text));
    const stop = {
      signal: this.#stop.signal,
      abandon: this.#abandon.signal,
      request: (reason: string) => this.#stop.abort(new Error(reason)),
      fail: (error: unknown) => this.#stop.abort(error),
      exitCode: 0,
    };
    this.#ended = serve(name, { config: loadConfig(env), log: pino({ base: null }, { write }), stop }, (service) => {
      this.#service = service;
      return BEGINNERS[name](service);
    });
    this.#ended.catch(() => {}); // told when it is stopped
  }

  /** Waits for lines of an event. */
  async event(event: string, count = 1, signal?: AbortSignal): Promise<void> {
    const isThere = () => this.lines.filter((line) => line.event === event).length >= count;
    await until(`${count} "${event}" of the ${this.#name}`, isThere, undefined, signal);
  }

  /** Has it do what a control of the live page says. */
  async control(redis: Redis, action: Action, value: number): Promise<void> {
    const to = { service: this.#name, instance: this.#service?.live?.instance as string };
    const control: Control = { kind: 'control', v: SCHEMA, id: 'test', to, do: action, value };
    await redis.publish(CONTROLS_CHANNEL, JSON.stringify(control));
  }

  /** Stops it. Throws what ended it before. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the end of the test'));
    setTimeout(() => this.#abandon.abort(), ABANDON_MS);
    await this.#ended;
  }
}
