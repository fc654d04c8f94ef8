import type { Line } from '../../testkit/service-process.ts';
import type { PossibleCause } from '../account/causes.ts';
import { handledAtCrash } from '../account/deduplication.ts';
import { droppedBy } from '../account/further-causes.ts';
import type { Outage } from '../account/outages.ts';
import { publishingOf } from '../account/publishing.ts';
import { measureByLogs } from '../measure/measure.ts';
import type { Findings, Measured } from '../measure/result.ts';
import type { Subject } from '../peers/subject.ts';
import type { Services } from './services.ts';
import type { Topics } from './topics.ts';

/** What an experiment knows besides the logs. */
interface FurtherEvidence {
  /** Why messages of a pattern may have been lost. */
  readonly causesOf?: (pattern: Subject) => readonly PossibleCause[];
  /** When Redis was away for the publisher. */
  readonly publisherOutages?: readonly Outage[];
  /** How many dead letters are not of our publishers. */
  readonly foreignDeadLetters?: number;
  /** With DEDUPE_TTL: the crashes of the subscriber, and the most that it had in flight at one. */
  readonly handled?: { readonly crashes: readonly Outage[]; readonly most: number };
}

/** What Redis held at some time. */
interface HeldNow {
  /** ms since 1970. */
  readonly askedAt: number;
  /** Messages, by pattern. */
  readonly held: ReadonlyMap<string, number>;
}

/** What the logs of the services and Redis show of every message of one run. */
export class Evidence {
  readonly #patterns: readonly Subject[];
  readonly #services: Services;
  readonly #topics: Topics;
  readonly #beganAt: number;

  /** @param beganAt where timelines begin: ms since 1970 */
  constructor(patterns: readonly Subject[], services: Services, topics: Topics, beganAt: number) {
    this.#patterns = patterns;
    this.#services = services;
    this.#topics = topics;
    this.#beganAt = beganAt;
  }

  /** Reconciles, for each pattern, what was published with what was received, by message id. */
  async reconcile(further: FurtherEvidence = {}): Promise<Findings> {
    const findings: Record<string, Measured> = {};
    for (const pattern of this.#patterns) findings[pattern.name] = await this.#measure(pattern, further);
    return findings;
  }

  /** What Redis holds now of each pattern's messages, waiting or in flight. */
  async heldNow(): Promise<HeldNow> {
    const askedAt = Date.now();
    const held = new Map<string, number>();
    for (const pattern of this.#patterns) {
      const { waiting, inFlight } = await this.#topics.held(pattern, this.#services.groups);
      held.set(pattern.name, waiting + inFlight);
    }
    return { askedAt, held };
  }

  async #measure(pattern: Subject, further: FurtherEvidence): Promise<Measured> {
    const { causesOf, foreignDeadLetters = 0, handled, publisherOutages = [] } = further;
    const { name, guarantees } = pattern;
    const services = this.#services;
    const published = services.published(name);
    const handledIds = handled && (await this.#topics.handledIds(pattern));
    const receivedBy = (subscriber: string): Line[] => {
      const received = services.receivedBy(subscriber, name);
      if (!handled || !handledIds) return received;
      return [...received, ...handledAtCrash(published, received, handledIds, handled.crashes, handled.most)];
    };
    const observed = {
      guarantees,
      publishing: publishingOf(services.told(services.publishers), services.publishers, name),
      published,
      received: new Map(services.subscriberNames.map((each) => [each, receivedBy(each)])),
      groupOf: services.groupOf,
      held: await this.#topics.held(pattern, services.groups),
      foreignDeadLetters,
      publisherOutages,
      possibleCauses: [...this.#drops(name), ...(causesOf?.(pattern) ?? [])],
    };
    return measureByLogs(observed, this.#beganAt);
  }

  /** What subscribers say they dropped. */
  #drops(pattern: string): PossibleCause[] {
    const { subscriberNames } = this.#services;
    return subscriberNames.map((name) => droppedBy(name, this.#services.events(name, 'overflow', pattern)));
  }
}
