import { expect } from '@jest/globals';
import type { DeadLetter } from '@redis-messaging/shared/delivery/dead-letters';
import { decode } from '@redis-messaging/shared/message/message';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { allDeadLetters } from '../../testkit/all-dead-letters.ts';
import type { Line, ServiceProcess } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';
import { untilDrained } from './drained.ts';
import { stopsUndisturbed } from './longest-silence.ts';
import { startService } from './start-service.ts';

type Env = Readonly<Record<string, string | number>>;

/** What became of one pattern's messages, each known by its count, as the services' logs and Redis tell it. */
export interface Fates {
  /** Redis took them, says the publisher's log. */
  readonly accepted: readonly number[];
  /** As the subscribers' logs tell them, a list for each. */
  readonly deliveries: readonly (readonly number[])[];
  readonly dead: readonly number[];
  /** Dead letters that are not of our publisher. */
  readonly strange: readonly DeadLetter[];
  /** Accepted, not received by anybody, and not among the dead letters. */
  readonly lost: readonly number[];
}

interface Allowed {
  /** The most messages that may be lost by a queue that delivers at most once. */
  readonly lost?: number;
  /** Whether Redis keeps what it accepted. */
  readonly keeps?: boolean;
}

const SETTLE_MS = 60_000;
/** The most that one reply carries. */
const BATCH = 500;
const SENDER = 'typescript-publisher';

/** One publisher and some subscribers that do something to the same patterns, and the closing of their books. */
export class Scenario implements AsyncDisposable {
  readonly patterns: readonly Pattern[];
  readonly subscribers: ServiceProcess[] = [];
  readonly #redis: Redis;
  readonly #env: Env;
  readonly #names = new Map<ServiceProcess, string>();
  #publisher: ServiceProcess | undefined;
  /** Whether the publisher ends when it is stopped; else by itself, when all it has to publish is settled. */
  #isStopped = false;
  #made: number | undefined;
  /** Subscribers that were stopped while Redis stood still. */
  #disturbedStops = 0;

  /** @param env for all its services */
  constructor(redis: Redis, env: Env, chosen: readonly Pattern[] = patterns) {
    this.patterns = chosen;
    this.#redis = redis;
    this.#env = {
      PATTERN: chosen.map((pattern) => pattern.name).join(),
      LOG_LEVEL: 'debug',
      MAX_ATTEMPTS: 100,
      ...env,
    };
  }

  get publisher(): ServiceProcess {
    return this.#publisher as ServiceProcess;
  }

  /** The patterns of which Redis keeps what nobody has read yet. */
  get kept(): readonly Pattern[] {
    return this.patterns.filter((pattern) => pattern.guarantees.keepsUnread);
  }

  /** Starts another subscriber. */
  start(env: Env = {}, nodeArguments?: readonly string[]): ServiceProcess {
    const service = startService('subscriber', { ...this.#env, ...env }, nodeArguments);
    this.subscribers.push(service);
    this.#names.set(service, String(env.CONSUMER ?? service.process.pid));
    return service;
  }

  /** Starts another subscriber, and waits until it is ready. */
  async subscribe(env: Env = {}, nodeArguments?: readonly string[]): Promise<ServiceProcess> {
    const service = this.start(env, nodeArguments);
    await service.event('ready');
    return service;
  }

  /** Starts the publisher, and waits for its first message. */
  async publish(env: Env, nodeArguments?: readonly string[]): Promise<ServiceProcess> {
    this.#isStopped = env.MESSAGE_COUNT === undefined;
    this.#made = this.#isStopped ? undefined : Number(env.MESSAGE_COUNT);
    this.#publisher = startService('publisher', { ...this.#env, ...env }, nodeArguments);
    await this.#publisher.event('published');
    return this.#publisher;
  }

  /** Stops a subscriber, which ends in order. */
  async stop(service: ServiceProcess): Promise<void> {
    if (!(await stopsUndisturbed(this.#redis, service))) this.#disturbedStops++;
  }

  /** Waits until messages that are published from now on arrive, by every pattern. */
  async flowing(): Promise<void> {
    const soFar = new Map(this.patterns.map(({ name }) => [name, this.#lastAccepted(name)]));
    for (const pattern of this.patterns) {
      await this.#eachThatGetsIt(`a new message by ${pattern.name}`, pattern, (service) =>
        settled(service, pattern.name).some((line) => line.count > (soFar.get(pattern.name) as number)),
      );
    }
  }

  /** Waits until nothing waits in Redis, and nothing is in anybody's hands. */
  async drained(timeout = SETTLE_MS): Promise<void> {
    await untilDrained(this.#redis, this.kept, timeout);
  }

  async backlog(pattern: Pattern): ReturnType<Pattern['backlog']> {
    return await pattern.backlog(this.#redis, pattern.topic.default, 'subscribers');
  }

  /** Lets the publisher and then the subscribers come to their ends, and checks that all books are true, to the message. */
  async close(allowed: Allowed = {}): Promise<ReadonlyMap<Pattern, Fates>> {
    expect(await (this.#isStopped ? this.publisher.stop() : this.publisher.exited)).toBe(0);
    await this.drained();
    await this.#heardLast();
    const last = this.#living();
    for (const service of last) await this.stop(service);
    this.#checkPublisher();
    const fates = new Map<Pattern, Fates>();
    for (const pattern of this.patterns) {
      const found = await this.#fatesOf(pattern);
      fates.set(pattern, found);
      await this.#checkFates(pattern, found, allowed);
      for (const service of this.subscribers) {
        if (service.events('stopped').length > 0)
          this.#checkSubscriber(pattern, found, service, last.includes(service));
      }
    }
    return fates;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of [...this.subscribers, this.#publisher]) await service?.[Symbol.asyncDispose]();
    if (this.#redis.isReady) await this.#redis.flushAll(); // a test that fails while Redis is unreachable must not wait for it
  }

  #nameOf(service: ServiceProcess): string {
    return this.#names.get(service) as string;
  }

  #living(): readonly ServiceProcess[] {
    return this.subscribers.filter((service) => service.isRunning);
  }

  #lastAccepted(name: string): number {
    return this.publisher.lines.findLast(({ event, pattern }) => event === 'published' && pattern === name)?.count ?? 0;
  }

  /** What is published last tells those who keep nothing what they have missed. */
  async #heardLast(): Promise<void> {
    for (const pattern of this.patterns.filter(({ guarantees }) => !guarantees.keepsUnread)) {
      const last = this.#lastAccepted(pattern.name);
      await this.#eachThatGetsIt(`the last message by ${pattern.name}`, pattern, (service) =>
        settled(service, pattern.name).some((line) => line.count === last),
      );
    }
  }

  async #eachThatGetsIt(what: string, pattern: Pattern, got: (service: ServiceProcess) => boolean): Promise<void> {
    const { audience } = pattern.guarantees;
    await until(
      what,
      () => (audience === 'every-subscriber' ? this.#living().every(got) : this.#living().some(got)),
      SETTLE_MS,
    );
  }

  /** made = accepted + refused + unconfirmed + buffered, the same for every pattern. */
  #checkPublisher(): void {
    const made = this.patterns.map(({ name }) => {
      const { accepted, refused, unconfirmed, buffered } = this.publisher.final(name);
      expect([name, accepted]).toEqual([name, this.publisher.events('published', name).length]);
      return accepted + refused + unconfirmed + buffered;
    });
    this.#made ??= made[0] as number;
    expect(made).toEqual(made.map(() => this.#made));
  }

  async #fatesOf(pattern: Pattern): Promise<Fates> {
    const { name, topic } = pattern;
    const accepted = countsOf(this.publisher.events('published', name));
    const deliveries = this.subscribers.map((service) => countsOf(ofOurs(service.events('received', name))));
    const dead: number[] = [];
    const strange: DeadLetter[] = [];
    for (const letter of await allDeadLetters(this.#redis, pattern, topic.default)) {
      const decoded = decode(letter.payload);
      if (decoded.ok && decoded.message.sender === SENDER) dead.push(decoded.message.count);
      else strange.push(letter);
    }
    const found = new Set([...deliveries.flat(), ...dead]);
    return { accepted, deliveries, dead, strange, lost: accepted.filter((count) => !found.has(count)) };
  }

  /** accepted = received + waiting + in flight + dead + lost. */
  async #checkFates(pattern: Pattern, fates: Fates, { lost: mayBeLost = 0, keeps = true }: Allowed): Promise<void> {
    const { name, guarantees } = pattern;
    const { unconfirmed } = this.publisher.final(name);
    const received = new Set(fates.deliveries.flat());
    const accepted = new Set(fates.accepted);
    const surplus = [...received].filter((count) => !accepted.has(count)).length;
    const backlog = await this.backlog(pattern);
    const dead = backlog.dead - fates.strange.length;
    const lost = accepted.size - (received.size - surplus) - (backlog.waiting ?? Number.NaN) - backlog.inFlight - dead;

    expect([name, accepted.size]).toEqual([name, fates.accepted.length]);
    expect([name, lost]).toEqual([name, fates.lost.length]);
    expect(surplus).toBeLessThanOrEqual(unconfirmed);
    if (guarantees.delivery === 'at-least-once') {
      if (!this.#isStopped) expect([name, unconfirmed]).toEqual([name, 0]);
      if (keeps) expect([name, fates.lost]).toEqual([name, []]);
      return;
    }
    const copies = guarantees.audience === 'every-subscriber' ? fates.deliveries : [fates.deliveries.flat()];
    for (const each of copies) expect([name, each.length]).toEqual([name, new Set(each).size]);
    const costs = BATCH * this.#disturbedStops;
    if (guarantees.keepsUnread && keeps) expect(fates.lost.length).toBeLessThanOrEqual(mayBeLost + costs);
  }

  /**
   * What this subscriber handled is as its log says. If it was there to the end, so is the account of its audience, message by
   * message: accepted = handled + dead + lost, and nothing is unexplained.
   */
  #checkSubscriber({ name, guarantees }: Pattern, fates: Fates, service: ServiceProcess, sawTheEnd: boolean): void {
    const figures = service.final(name);
    const soFar = this.subscribers.slice(0, this.subscribers.indexOf(service) + 1);
    const lives = soFar.filter((other) => this.#nameOf(other) === this.#nameOf(service)); // each goes on with the account of the one before
    const deliveries = countsOf(lives.flatMap((life) => ofOurs(life.events('received', name))));
    const received = new Set(deliveries);
    expect([name, figures.received]).toEqual([name, received.size]);
    if (!sawTheEnd) return;
    const isBroadcast = guarantees.audience === 'every-subscriber';
    const handled = isBroadcast ? received : new Set(fates.deliveries.flat());
    const first = isBroadcast ? Math.min(...countsOf(lives.flatMap((life) => settled(life, name)))) : 0;
    const accepted = new Set([...fates.accepted.filter((count) => count >= first), ...handled, ...fates.dead]);
    const gone = [...accepted].filter((count) => !handled.has(count) && !fates.dead.includes(count)).length;
    const { accepted: took, dead, unexplained } = figures;
    // Until another subscriber is known to be gone, what is missing may be in its hands.
    const lost = figures.lost + figures.moving;
    expect([name, { took, handled: figures.handled, dead, lost, unexplained }]).toEqual([
      name,
      { took: accepted.size, handled: handled.size, dead: fates.dead.length, lost: gone, unexplained: 0 },
    ]);
    const again = isBroadcast ? deliveries.length - received.size : fates.deliveries.flat().length - handled.size;
    // What a killed subscriber handled last may be in its log, and not in its account.
    const wereKilled = this.subscribers.some((each) => each.events('stopped').length === 0);
    expect([name, wereKilled ? figures.duplicated <= again : figures.duplicated]).toEqual([name, wereKilled || again]);
  }
}

/** The lines of messages that this subscriber is done with: received, or failed for good. */
function settled(service: ServiceProcess, name: string): Line[] {
  const isDone = ({ event, fate }: Line) => event === 'received' || (event === 'failed' && fate !== 'again');
  return ofOurs(service.lines).filter((line) => line.pattern === name && isDone(line));
}

const ofOurs = (lines: readonly Line[]) => lines.filter((line) => line.sender === SENDER);
const countsOf = (lines: readonly Line[]) => lines.map((line) => line.count as number);
