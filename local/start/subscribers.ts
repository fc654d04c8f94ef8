import { MOST_SUBSCRIBERS } from '@redis-messaging/shared/live/supervisor';
import type { Environment } from '../process/environment.ts';
import { type DemoService, loadDemoService } from './demo-service.ts';
import { type KeepOptions, type KeptSubscriber, keepSubscriber } from './keep/subscriber.ts';

/** The demo's subscribers: the first, whose account the demo shows, and those that the live page adds. */
export class Subscribers {
  readonly first: KeptSubscriber;
  readonly #added = new Map<number, KeptSubscriber>();
  readonly #options: KeepOptions;
  /** Of the one added last; no name is given twice, for an account belongs to a name. */
  #lastNumber = 1;
  /** The ends of those that are to end. */
  readonly #leaving: Promise<number>[] = [];

  constructor(first: DemoService, options: KeepOptions) {
    this.#options = options;
    this.first = keepSubscriber(first, options);
  }

  get all(): readonly KeptSubscriber[] {
    return [this.first, ...this.#added.values()];
  }

  /** Adds one, with a name of its own. @param group if not that of the first @throws an Error if there are as many as may be */
  add(group?: string): void {
    if (this.all.length >= MOST_SUBSCRIBERS) throw new Error(`there are ${MOST_SUBSCRIBERS} subscribers already`);
    const number = ++this.#lastNumber;
    const { env, say } = this.#options;
    const own: Environment = { HEALTH_PORT: 0, ...(group !== undefined && { GROUP: group }) };
    const options = { ...this.#options, env: { ...env, ...own, CONSUMER: `${env.CONSUMER}-${number}` } };
    const added = keepSubscriber(loadDemoService(this.first.service.name, `subscriber${number}`), options);
    this.#added.set(number, added);
    void added.failed.then((reason) => {
      say(reason);
      this.#added.delete(number);
    });
  }

  /** Stops one that was added, in order; the last if none is named. @throws an Error if that is the first, or if there is none */
  remove(one = [...this.#added.values()].at(-1)): KeptSubscriber {
    const number = [...this.#added.keys()].find((each) => this.#added.get(each) === one);
    if (one === undefined || number === undefined) throw new Error('only a subscriber that was added can be removed');
    this.#added.delete(number);
    this.#leaving.push(one.stop());
    return one;
  }

  /** Stops all in order; the first one last, so that its account has all of theirs. @returns the exit code of the first */
  async stop(): Promise<number> {
    for (const added of this.#added.values()) this.#leaving.push(added.stop());
    await Promise.all(this.#leaving);
    return await this.first.stop();
  }

  /** Ends all at once. */
  kill(): void {
    for (const { service } of this.all) service.program.process.kill('SIGKILL');
  }
}
