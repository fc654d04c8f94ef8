import { Intervals } from '../intervals.ts';
import type { Range } from './session.ts';

/** What a publisher tells of its session by one pattern: made = accepted + refused + unconfirmed + buffered. */
export interface PublishedSession {
  readonly sender: string;
  /** Messages made; they have the counts from 1 to this. */
  readonly made: number;
  /** In the publisher, not answered yet. */
  readonly buffered: number;
  /** Counts that Redis certainly did not take. */
  readonly refused: readonly Range[];
  /** Counts of which nobody can say whether Redis took them. */
  readonly unconfirmed: readonly Range[];
  /** When this was told: ms since 1970. */
  readonly at: number;
  /** Whether nothing more will be made. */
  readonly isClosed: boolean;
  /** Whether Redis has become another process since the session began, and may have lost what it had accepted. */
  readonly mayBeLost: boolean;
}

/** Keeps by count what became of the messages of this process's session that Redis did not simply accept. */
export class Published {
  readonly #refused = new Intervals();
  readonly #unconfirmed = new Intervals();
  readonly #servers = new Map<string, string>();
  #mayBeLost = false;

  /** @param server the identity of the Redis that answers now @param partition of which partition */
  servedBy(server: string, partition = ''): void {
    const known = this.#servers.get(partition);
    if (known !== undefined && known !== server) this.#mayBeLost = true;
    this.#servers.set(partition, server);
  }

  refused(counts: Iterable<number>): void {
    for (const count of counts) this.#refused.add(count);
  }

  unconfirmed(counts: Iterable<number>): void {
    for (const count of counts) this.#unconfirmed.add(count);
  }

  /** @param at ms since 1970 */
  told(
    sender: string,
    { made, buffered }: Pick<PublishedSession, 'made' | 'buffered'>,
    at: number,
    isClosed: boolean,
  ): PublishedSession {
    const [refused, unconfirmed] = [this.#refused.toJSON(), this.#unconfirmed.toJSON()];
    return { sender, made, buffered, refused, unconfirmed, at, isClosed, mayBeLost: this.#mayBeLost };
  }
}
