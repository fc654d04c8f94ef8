import type { PossibleCause } from '../measure/causes.ts';
import { madeBy, measureByLogs, overflowOf } from '../measure/measure.ts';
import type { Findings, Measured } from '../measure/result.ts';
import { sum } from '../measure/sum.ts';
import type { Subject } from '../peers/subject.ts';
import type { Services } from './services.ts';
import type { Topics } from './topics.ts';

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

  /**
   * Reconciles, for each pattern, what was published with what was received, by message id.
   * @param causesOf why messages of a pattern may have been lost
   * @param foreignDeadLetters how many dead letters are not of our publishers
   */
  async reconcile(
    causesOf: (pattern: Subject) => readonly PossibleCause[] = () => [],
    foreignDeadLetters = 0,
  ): Promise<Findings> {
    const findings: Record<string, Measured> = {};
    for (const pattern of this.#patterns)
      findings[pattern.name] = await this.#measure(pattern, causesOf(pattern), foreignDeadLetters);
    return findings;
  }

  async #measure(pattern: Subject, causes: readonly PossibleCause[], foreignDeadLetters: number): Promise<Measured> {
    const { name, guarantees } = pattern;
    const { subscriberNames, subscribers, publishers, groups, groupOf } = this.#services;
    const observed = {
      guarantees,
      published: this.#services.published(name),
      received: new Map(subscriberNames.map((each) => [each, this.#services.receivedBy(each, name)])),
      groupOf,
      made: sum(publishers.map((service) => madeBy(service, name))),
      held: await this.#topics.held(pattern, groups),
      foreignDeadLetters,
      possibleCauses: [overflowOf(subscribers, name), ...causes],
    };
    return measureByLogs(observed, this.#beganAt);
  }
}
