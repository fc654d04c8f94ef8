import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatNumber } from '@redis-messaging/shared/text/table';
import { findServer } from '../local/redis/find-server.ts';
import { seeded } from '../testkit/random.ts';
import { until } from '../testkit/until.ts';
import type { Evidence, Held, Violation } from './evidence/evidence.ts';
import { heldOf } from './evidence/held.ts';
import { Lives } from './evidence/lives.ts';
import type { Fault, Injected } from './faults/fault.ts';
import { allFaults } from './faults/index.ts';
import { type Happened, type Planned, planned } from './history.ts';
import type { Options } from './options.ts';
import { judge } from './oracle/oracle.ts';
import { orAborted, RECLAIM_AFTER, System } from './system.ts';
import { watch } from './watch.ts';

/** What a campaign has found. */
export interface Outcome {
  readonly evidence: Evidence;
  readonly violations: readonly Violation[];
  /** When faults began to be possible: ms since 1970. */
  readonly beganAt: number;
  /** The program of Redis, with its version. */
  readonly server: string;
}

const START_MS = 30_000;
/** How long services may take to work again when all faults are over, and to handle what has piled up: ms. */
const RECOVER_MS = 30_000;
/** What is handled later than this after the last fault shows that messages flow again: ms. */
const AFTERWARDS_MS = 1000;
const DRAIN_MS = 300_000;
/** What has piled up is stuck if it has not become less for this long: ms. Longer than any lease, and than a busy machine may need. */
const STUCK_MS = 30_000 + 2000 * RECLAIM_AFTER;
const PROGRESS_EVERY_MS = 10_000;
/** How often it is looked for what is waited for: ms. */
const LOOK_EVERY_MS = 250;
/** The group of subscribers, which is the default. */
const GROUP = 'subscribers';
/** In every third seed, Redis remembers ids: seconds. */
const DEDUPE_TTL = 600;

/** Whether messages have ids that Redis remembers. */
export const dedupeTtlOf = (seed: number): number => (seed % 3 === 0 ? DEDUPE_TTL : 0);

/** Runs a campaign. Throws the signal's reason when it aborts, and what is wrong with the campaign itself. */
export async function runCampaign(
  options: Options,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const { patterns, seed, rate, redis, isCluster } = options;
  const server = await findServer(say, redis);
  const lives = new Lives(patterns);
  const onPublished = lives.accepted.bind(lives);
  const dedupeTtl = dedupeTtlOf(seed);
  await using system = await System.open({ server, patterns, isCluster, rate, dedupeTtl, onPublished }, signal);
  using watcher = watch(system);
  const campaign = new Campaign(system, lives, say);
  await campaign.start();
  const beganAt = Date.now();
  const plan = options.plan ?? planned(seed, options.ms, options.faults);
  const faults = await campaign.storm(plan, options.ms);
  const flowing = await campaign.recover();
  const held = await campaign.stop();
  const evidence: Evidence = {
    patterns: patterns.map(({ name, guarantees }) => ({
      name,
      guarantees,
      lives: lives.of(name),
      held: held.get(name) as Held,
      poison: system.poison.filter(({ pattern }) => pattern === name),
      isFlowing: flowing.has(name),
    })),
    services: system.services,
    faults,
    readiness: watcher.samples,
    endedAt: Date.now(),
  };
  return { evidence, violations: judge(evidence), beganAt, server: server.about };
}

/** The parts of a campaign, in their order. */
class Campaign {
  readonly #system: System;
  readonly #lives: Lives;
  readonly #say: (line: string) => void;
  /** What goes on now. */
  readonly #now = new Set<string>();

  constructor(system: System, lives: Lives, say: (line: string) => void) {
    this.#system = system;
    this.#lives = lives;
    this.#say = say;
  }

  /** Starts all services, and waits until they are ready. */
  async start(): Promise<void> {
    const { services } = this.#system;
    for (const service of services) service.start();
    const areReady = () => services.every(({ current }) => current.isReady);
    await until('all services to be ready', areReady, START_MS, this.#system.signal);
  }

  /** Does what is planned. Resolves when the time is over and everything is undone. */
  async storm(plan: readonly Planned[], ms: number): Promise<Happened[]> {
    const beganAt = performance.now();
    const progress = setInterval(() => this.#tell(performance.now() - beganAt, ms), PROGRESS_EVERY_MS);
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#system.signal, stop.signal]);
    setMaxListeners(0, signal);
    try {
      const all = Promise.all(plan.map((each) => this.#happen(each, beganAt, signal)));
      const [happened] = await orAborted(Promise.all([all, sleep(ms, undefined, { signal })]), signal);
      return happened.sort((a, b) => a.at - b.at);
    } finally {
      stop.abort();
      clearInterval(progress);
    }
  }

  /**
   * When all faults are over, waits until messages are handled again; not those that are accepted from now on, before which
   * much may be waiting.
   * @returns the patterns of which that is so
   */
  async recover(): Promise<ReadonlySet<string>> {
    this.#say('All faults are over; waiting until everything accepted is handled');
    const { patterns, publishers, subscribers } = this.#system;
    const from = Date.now() + AFTERWARDS_MS;
    for (const service of [...publishers, ...subscribers]) service.start(); // one that ended by itself is told of in the end
    const isFlowing = (name: string) => {
      for (const { handledAt = 0 } of this.#lives.of(name).values()) if (handledAt > from) return true;
      return false;
    };
    const flowing = new Set<string>();
    const areFlowing = async () => {
      await sleep(LOOK_EVERY_MS);
      this.#lives.readNotes(this.#system.evidence.values());
      for (const { name } of patterns) if (!flowing.has(name) && isFlowing(name)) flowing.add(name);
      return flowing.size === patterns.length;
    };
    await this.#patiently('messages to be handled again', areFlowing, RECOVER_MS);
    return flowing;
  }

  /** Ends the publishers, waits until everything accepted is handled, and ends the subscribers. @returns what is left in Redis, by pattern */
  async stop(): Promise<ReadonlyMap<string, Held>> {
    const system = this.#system;
    const { patterns, publishers, subscribers, extras, evidence } = system;
    await Promise.all(publishers.map((service) => service.end('SIGTERM')));
    const least = new Map<string, { readonly left: number; readonly at: number }>();
    const isEmptyOrStuck = async () => {
      await sleep(LOOK_EVERY_MS);
      for (const pattern of patterns) {
        const { waiting, inFlight } = await pattern.backlog(
          system.adminOf(pattern.topic.default),
          pattern.topic.default,
          GROUP,
        );
        const left = (waiting ?? 0) + inFlight;
        if (left < (least.get(pattern.name)?.left ?? Number.POSITIVE_INFINITY))
          least.set(pattern.name, { left, at: performance.now() });
      }
      return [...least.values()].every(({ left, at }) => left === 0 || performance.now() - at > STUCK_MS);
    };
    await this.#patiently('everything to be handled', isEmptyOrStuck, DRAIN_MS);
    await Promise.all([...subscribers, ...extras].map((service) => service.end('SIGTERM')));
    this.#lives.readNotes(evidence.values());
    const held = patterns.map(
      async (pattern) => [pattern.name, await heldOf(system.adminOf(pattern.topic.default), pattern, GROUP)] as const,
    );
    return new Map(await Promise.all(held));
  }

  /** Waits, but not without end: what has not come by then is for the oracle to judge. */
  async #patiently(what: string, probe: () => Promise<boolean>, ms: number): Promise<void> {
    const { signal } = this.#system;
    await orAborted(until(what, probe, ms), signal).catch(() => signal.throwIfAborted());
  }

  async #happen(planned: Planned, beganAt: number, signal: AbortSignal): Promise<Happened> {
    const fault = allFaults.find(({ name }) => name === planned.fault) as Fault;
    await sleep(beganAt + planned.at - performance.now(), undefined, { signal });
    let injected: Injected;
    try {
      injected = await fault.inject(this.#system, seeded(planned.pick), planned.ms);
    } catch (error) {
      const at = Date.now();
      return {
        planned,
        what: `not done: ${(error as Error).message}`,
        at,
        until: at,
        isDone: false,
        starves: [],
        deletes: false,
        loses: false,
      };
    }
    const at = Date.now();
    const { what, starves = [], frozen } = injected;
    this.#now.add(what);
    await sleep(planned.ms, undefined, { signal });
    const until = Date.now();
    await injected.undo();
    this.#now.delete(what);
    return {
      planned,
      what,
      at,
      starvedUntil: Math.min(until, at + planned.ms),
      until: Date.now(),
      isDone: true,
      starves,
      frozen,
      deletes: fault.deletes ?? false,
      loses: fault.loses ?? false,
    };
  }

  #tell(ms: number, of: number): void {
    this.#lives.readNotes(this.#system.evidence.values());
    const { accepted, handled } = this.#lives.counts;
    const now = this.#now.size === 0 ? 'calm' : [...this.#now].join('; ');
    const time = `${Math.round(ms / 1000)} of ${Math.round(of / 1000)} s`;
    this.#say(`${time}: ${formatNumber(accepted)} accepted, ${formatNumber(handled)} handled; now ${now}`);
  }
}
