/** What a subscriber knows of the messages of one pattern. `published` = received + lost + elsewhere. */
export interface Account {
  /** Messages that must have been published, by the counts that were seen. */
  published: number;
  /** Different messages received. */
  received: number;
  /** Published since the first message of the sequence that was seen, and not received. */
  lost: number;
  /**
   * Published and not received, but perhaps not lost: before the first message of a sequence that this subscriber saw, or, where
   * subscribers share the messages, perhaps taken by another.
   */
  elsewhere: number;
  /** Deliveries of messages that had been received before. */
  duplicated: number;
  /** Messages that came after one with a higher count. */
  reordered: number;
}

/** What the ledger needs to know of a message. */
export interface Entry {
  readonly sender: string;
  readonly count: number;
  readonly id: string;
  /** µs since 1970. */
  readonly madeAt: number;
}
