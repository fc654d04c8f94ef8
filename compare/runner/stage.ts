import type { SubscriberStats } from '@redis-messaging/shared/accounting/stats';
import type { Redis } from '@redis-messaging/shared/redis/client';
import type { Environment } from '../../local/process/environment.ts';
import { builtCommand } from '../../local/process/node-command.ts';
import { type Line, ServiceProcess } from '../../testkit/service-process.ts';
import { leftOutBy, madeBy, measureByLogs } from '../measure/measure.ts';
import { audiencesOf, type Blame } from '../measure/reconciliation.ts';
import type { Fault, Measured } from '../measure/result.ts';
import { sum } from '../measure/sum.ts';
import type { Findings, Load, Subject } from './experiment.ts';
import type { LabRedis } from './lab-redis.ts';
import { silenceOf, Waits } from './waits.ts';

interface StageOptions {
  readonly redis: LabRedis;
  readonly patterns: readonly Subject[];
  readonly load: Load;
  /** Further variables for the services. */
  readonly env: Environment;
  /** The program of a service: ours, or another that takes its place. */
  readonly command: ServiceCommand;
  /** All names in Redis begin with this. */
  readonly prefix: string;
  /** From 0 to below 1; repeatable. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** The arguments for Node that run the publisher or the subscriber. */
export type ServiceCommand = (name: string) => string[];

/** Who publishes, and what. */
interface Publishing {
  readonly messages?: number;
  /** Messages a second; 0 = as fast as Redis takes them. */
  readonly rate?: number;
  readonly env?: Environment;
}

const RECLAIM_AFTER = 1;
const GROUP = 'subscribers';
/** Nothing has come for so long: what is missing will not come, also if it is the last message: ms. */
const LAST_MS = 1500;
/** The last message has come, and nothing for so long: nobody works on others that came before it: ms. */
const QUIET_MS = 250;

/** The services of one experiment, the faults that they suffer, and what became of the messages. Disposing it ends all and cleans up. */
export class Stage implements AsyncDisposable {
  readonly patterns: readonly Subject[];
  readonly load: Load;
  readonly redis: LabRedis;
  readonly faults: Fault[] = [];
  /** Aborts when all is to end. */
  readonly signal: AbortSignal;
  readonly #prefix: string;
  readonly #further: Environment;
  readonly #command: ServiceCommand;
  readonly #random: () => number;
  readonly #waits: Waits;
  readonly #beganAt = Date.now();
  readonly #publishers: ServiceProcess[] = [];
  readonly #roles = new Map<string, ServiceProcess[]>();
  readonly #groupOf = new Map<string, string>();

  constructor({ redis, patterns, load, env, command, prefix, random, signal }: StageOptions) {
    this.redis = redis;
    this.patterns = patterns;
    this.load = load;
    this.#prefix = prefix;
    this.#further = env;
    this.#command = command;
    this.#random = random;
    this.signal = signal;
    this.#waits = new Waits(signal);
  }

  /** Whether the services are ours as they were built; others start from source, which costs memory. */
  get isBuilt(): boolean {
    return this.#command === builtCommand;
  }

  topic(pattern: Subject): string {
    return `${this.#prefix}:${pattern.name}`;
  }

  /**
   * Another life of a subscriber; resolves when it is ready. Lives of one role are one subscriber to the outside.
   * All are in one group, unless `env` says otherwise.
   */
  async subscriber(role = 'A', env: Environment = {}): Promise<ServiceProcess> {
    this.#groupOf.set(role, String(env.GROUP ?? GROUP));
    const service = this.#launch('subscriber', { CONSUMER: role, ...env });
    this.#roles.set(role, [...(this.#roles.get(role) ?? []), service]);
    await this.#begun(service, 'a service to be ready', () => service.isReady);
    return service;
  }

  /** Starts to publish; resolves with the first message. */
  async publisher({ messages = this.load.messages, rate = this.load.rate, env = {} }: Publishing = {}) {
    const interval = rate === 0 ? 0 : (1 / rate).toFixed(9); // seconds, never as 5e-7
    const service = this.#launch('publisher', { MESSAGE_COUNT: messages, PUBLISH_INTERVAL: interval, ...env });
    this.#publishers.push(service);
    await this.#begun(service, 'the first message', () =>
      Object.values(service.progress).some(({ firstAt }) => firstAt !== null),
    );
    return service;
  }

  /** Enters something that is done to the system. */
  fault(what: string): void {
    this.faults.push({ at: Date.now() - this.#beganAt, what });
  }

  /** Waits; ends with the signal. */
  async sleep(ms: number): Promise<void> {
    await this.#waits.sleep(ms);
  }

  /**
   * Times (ms) in ascending order, from the seed.
   * @param from as a part of the time that publishing takes at the given rate, as is `to`
   */
  moments(count: number, from: number, to: number): number[] {
    const spanMs = (1000 * this.load.messages) / this.load.rate;
    const part = () => from + this.#random() * (to - from);
    return Array.from({ length: count }, () => Math.round(spanMs * part())).sort((a, b) => a - b);
  }

  /** Waits until a publisher has ended by itself. */
  async ended(publisher: ServiceProcess): Promise<void> {
    await this.#waits.exit(publisher);
  }

  /** Waits until the publishers have ended, nothing waits or is in hand, and the living have heard the last message. */
  async settle(): Promise<void> {
    for (const publisher of this.#publishers) await this.ended(publisher);
    for (const pattern of this.patterns) await this.emptied(pattern);
    const quietFor = silenceOf(() => sum([...this.#roles.values()].flat().map(({ lines }) => lines.length)));
    const allHeardLast = () => this.patterns.every((pattern) => this.#heardLast(pattern));
    await this.#waits.untilSilent(() => {
      const quietMs = quietFor();
      return quietMs > LAST_MS || (quietMs > QUIET_MS && allHeardLast());
    });
  }

  /** Waits until nothing of a pattern waits or is in hand, as long as it becomes less. */
  async emptied(pattern: Subject): Promise<void> {
    for (let left = Number.POSITIVE_INFINITY; left > 0; ) {
      const before = left;
      await this.#waits.until(`less of ${pattern.name} to wait`, async () => {
        const { waiting, inFlight } = await this.#held(pattern);
        left = waiting + inFlight;
        return left < before;
      });
    }
  }

  /** Waits until what must be among the dead letters is there: a queue's subscriber may still have it in hand. */
  async buried(messages: number): Promise<void> {
    const kept = this.patterns.filter(({ guarantees }) => guarantees.keepsUnread);
    const held = () => Promise.all(kept.map((pattern) => this.#held(pattern)));
    const areDead = async () => (await held()).every(({ dead }) => dead >= messages);
    await this.#waits.untilOrNot('the dead letters', areDead, LAST_MS);
  }

  /** Waits until a subscriber has received everything, or, where it may not come, no more comes. */
  async received(pattern: Subject, subscriber: ServiceProcess, messages: number): Promise<void> {
    const received = () => subscriber.progress[pattern.name] as SubscriberStats | undefined;
    await this.emptied(pattern);
    const total = () => received()?.received ?? 0;
    const quietFor = silenceOf(total);
    await this.#waits.untilSilent(() => total() >= messages || quietFor() > LAST_MS);
  }

  /** Ends the subscribers in good order. */
  async stopSubscribers(): Promise<void> {
    for (const service of [...this.#roles.values()].flat()) if (service.isRunning) await service.stop();
  }

  /**
   * Counts everybody's messages by their ids, as the logs tell.
   * @param blames why messages of a pattern may have been lost
   * @param strange how many dead letters are not of our publishers
   */
  async count(blames: (pattern: Subject) => readonly Blame[] = () => [], strange = 0): Promise<Findings> {
    const findings: Record<string, Measured> = {};
    for (const pattern of this.patterns)
      findings[pattern.name] = await this.#measure(pattern, blames(pattern), strange);
    return findings;
  }

  /** The log lines of a pattern's messages that Redis took. */
  publishedLines(pattern: string): Line[] {
    return this.#publishers.flatMap((service) => service.events('published', pattern));
  }

  /** The environment of a service of this stage, for one pattern. */
  env(pattern: Subject): Environment {
    return { ...this.#env(), PATTERN: pattern.name };
  }

  /** The lines of one event of all lives of a role. */
  linesOf(role: string, event: string, pattern: string): Line[] {
    return (this.#roles.get(role) ?? []).flatMap((service) => service.events(event, pattern));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#publishers, ...[...this.#roles.values()].flat()];
    await Promise.all(all.map((service) => service[Symbol.asyncDispose]()));
    await removeKeys(this.redis.admin, `${this.#prefix}:*`);
  }

  #launch(name: 'publisher' | 'subscriber', env: Environment): ServiceProcess {
    this.signal.throwIfAborted();
    return new ServiceProcess(name, { ...this.#env(), ...env }, [], this.#command);
  }

  #env(): Environment {
    const topics = this.patterns.map((pattern) => [pattern.topic.variable, this.topic(pattern)]);
    return {
      ...this.redis.env,
      ...Object.fromEntries(topics),
      PATTERN: this.patterns.map((pattern) => pattern.name).join(),
      MESSAGE_SIZE: this.load.size,
      LOG_LEVEL: 'debug',
      RECLAIM_AFTER,
      GROUP,
      ...this.#further,
    };
  }

  /** Waits for the first sign of a service. @throws what it said, if it fails instead */
  async #begun(service: ServiceProcess, what: string, probe: () => boolean): Promise<void> {
    await this.#waits.until(what, async () => {
      if (!service.isRunning && (await service.exited) !== 0)
        throw new Error(`a service failed at its start:\n${service.text.join('\n')}`);
      return probe();
    });
  }

  /** What Redis holds for all groups that there are. */
  async #held(pattern: Subject) {
    const groups = pattern.guarantees.groups && this.#groupOf.size > 0 ? new Set(this.#groupOf.values()) : [GROUP];
    const ask = (group: string) => pattern.backlog(this.redis.admin, this.topic(pattern), group);
    const held = await Promise.all([...groups].map(ask));
    const total = (key: 'waiting' | 'inFlight') => sum(held.map((each) => each[key] ?? 0));
    return { waiting: total('waiting'), inFlight: total('inFlight'), dead: held[0]?.dead ?? 0 };
  }

  #heardLast(pattern: Subject): boolean {
    const isOf = (line: Line, event: string) => line.event === event && line.pattern === pattern.name;
    const last = this.#publishers.at(-1)?.lines.findLast((line) => isOf(line, 'published'));
    const heard = (role: string) => this.linesOf(role, 'received', pattern.name).some((line) => line.id === last?.id);
    return audiencesOf(pattern.guarantees, [...this.#roles.keys()], this.#groupOf).every((roles) => roles.some(heard));
  }

  async #measure(pattern: Subject, blames: readonly Blame[], strange: number): Promise<Measured> {
    const { name, guarantees } = pattern;
    const roles = [...this.#roles.keys()];
    const received = new Map(roles.map((role) => [role, this.linesOf(role, 'received', name)]));
    const published = this.publishedLines(name);
    const made = sum(this.#publishers.map((service) => madeBy(service, name)));
    const groupOf = this.#groupOf;
    const evidence = {
      guarantees,
      published,
      received,
      groupOf,
      made,
      held: await this.#held(pattern),
      strange,
      blames: [leftOutBy([...this.#roles.values()].flat(), name), ...blames],
    };
    return measureByLogs(evidence, this.#beganAt);
  }
}

async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  for await (const keys of redis.scanIterator({ MATCH: pattern, COUNT: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys);
  }
}
