import type { Environment } from '../../local/process/environment.ts';
import { type Line, ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { sum } from '../account/sum.ts';
import type { Load } from './load.ts';

/** The arguments for Node that run the publisher or the subscriber. */
export type ServiceCommand = (name: string) => string[];

/** What a publisher is to do; the experiment's load, where nothing is said. */
interface Publishing {
  readonly messages?: number;
  /** Messages per second; 0 = as fast as Redis takes them. */
  readonly rate?: number;
  readonly env?: Environment;
}

interface ServicesOptions {
  /** For every service. */
  readonly env: Environment;
  readonly load: Load;
  /** The program of a service: ours, or another that takes its place. */
  readonly command: ServiceCommand;
  readonly signal: AbortSignal;
}

/** The group of every subscriber, unless an experiment says otherwise. */
export const GROUP = 'subscribers';
const START_TIMEOUT_MS = 30_000;

/** The publishers and subscribers of one run, as processes, and what their logs say. Disposing it kills them. */
export class Services implements AsyncDisposable {
  readonly publishers: ServiceProcess[] = [];
  /** The group of each subscriber. */
  readonly groupOf = new Map<string, string>();
  readonly #options: ServicesOptions;
  readonly #instances = new Map<string, ServiceProcess[]>();
  readonly #told = new Map<ServiceProcess, number>();

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /** The environment of every service. */
  get env(): Environment {
    return this.#options.env;
  }

  /** The subscribers by name, whether they are running or not. */
  get subscriberNames(): string[] {
    return [...this.#instances.keys()];
  }

  /** Every process that a subscriber has been. */
  get subscribers(): ServiceProcess[] {
    return [...this.#instances.values()].flat();
  }

  /** Every group that a subscriber is in; the usual one, if there is no subscriber. */
  get groups(): string[] {
    return this.groupOf.size > 0 ? [...new Set(this.groupOf.values())] : [GROUP];
  }

  /** Starts a subscriber, or another instance of it; resolves when it is ready. All are in one group, unless `env` says otherwise. */
  async subscriber(name = 'A', env: Environment = {}): Promise<ServiceProcess> {
    this.groupOf.set(name, String(env.GROUP ?? GROUP));
    const service = this.#launch('subscriber', { CONSUMER: name, ...env });
    this.#instances.set(name, [...(this.#instances.get(name) ?? []), service]);
    await this.#started(service, 'a service to be ready', () => service.isReady);
    return service;
  }

  /** Starts a publisher; resolves with its first message. */
  async publisher(publishing: Publishing = {}): Promise<ServiceProcess> {
    const { messages, rate, env } = { ...this.#options.load, ...publishing };
    const interval = rate === 0 ? 0 : (1 / rate).toFixed(9); // seconds, never as 5e-7
    const service = this.#launch('publisher', { MESSAGE_COUNT: messages, PUBLISH_INTERVAL: interval, ...env });
    this.publishers.push(service);
    this.#told.set(service, messages);
    await this.#started(service, 'the first message', () =>
      Object.values(service.progress).some(({ firstAt }) => firstAt !== null),
    );
    return service;
  }

  /** Stops the subscribers in order. */
  async stopSubscribers(): Promise<void> {
    for (const service of this.subscribers) if (service.isRunning) await service.stop();
  }

  /** How many messages some publishers were told to make. */
  told(publishers: readonly ServiceProcess[]): number {
    return sum(publishers.map((service) => this.#told.get(service) ?? 0));
  }

  /** The log lines of a pattern's messages that Redis accepted. */
  published(pattern: string): Line[] {
    return this.publishers.flatMap((service) => service.events('published', pattern));
  }

  /** The log lines of a pattern's messages that the instances of a subscriber received. */
  receivedBy(subscriber: string, pattern: string): Line[] {
    return this.events(subscriber, 'received', pattern);
  }

  /** Lines of the instances of a subscriber. @param pattern without it, those of the whole service */
  events(subscriber: string, event: string, pattern?: string): Line[] {
    return (this.#instances.get(subscriber) ?? []).flatMap((service) => service.events(event, pattern));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.publishers, ...this.subscribers];
    await Promise.all(all.map((service) => service[Symbol.asyncDispose]()));
  }

  #launch(name: 'publisher' | 'subscriber', env: Environment): ServiceProcess {
    this.#options.signal.throwIfAborted();
    return new ServiceProcess(name, { ...this.env, ...env }, [], this.#options.command);
  }

  /** Waits for the first sign of a service. @throws what it wrote, if it fails instead */
  async #started(service: ServiceProcess, what: string, probe: () => boolean): Promise<void> {
    const failedOr = async () => {
      if (!service.isRunning && (await service.exited) !== 0)
        throw new Error(`a service failed at its start:\n${service.text.join('\n')}`);
      return probe();
    };
    await until(what, failedOr, START_TIMEOUT_MS, this.#options.signal);
  }
}
