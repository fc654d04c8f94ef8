const NOTHING = JSON.stringify({ atMost: 0, hasLostData: false, inHands: 0, server: '' });

/** Why messages may be lost of which a subscriber does not know one by one; kept with its account. */
export class Clues {
  /** Popped from Redis, and lost with the connection or with a subscriber that was killed: at most this many messages. */
  atMost = 0;
  /** Whether Redis has lost data, or may have. */
  hasLostData = false;
  /** What a subscriber that is killed now may have had in its hands; 0 = it has ended in order. */
  inHands = 0;
  /** The run id of the Redis that has the account; '' = not known. */
  server = '';
  #stored = NOTHING;

  /** Takes over what an earlier instance, or another subscriber, has stored, beside what was taken over before; nothing from what is not that. */
  restore(text: string | undefined): void {
    if (text === undefined) return;
    try {
      const { atMost, hasLostData, inHands, server } = JSON.parse(text);
      if (![atMost, inHands].every((number) => Number.isSafeInteger(number) && number >= 0)) return;
      this.atMost = Math.max(this.atMost, atMost);
      this.inHands = Math.max(this.inHands, inHands);
      this.hasLostData ||= hasLostData === true;
      this.server ||= String(server ?? '');
      this.#stored = text;
    } catch {} // it begins again with nothing
  }

  /**
   * A subscriber begins, which may have so many messages in its hands.
   * @returns how many the one before may have had when it was killed; 0 if it has ended in order
   */
  begin(inHands: number): number {
    const before = this.inHands;
    this.inHands = inHands;
    return before;
  }

  /** The subscriber ends in order. */
  end(): void {
    this.inHands = 0;
  }

  cutOff(messages: number): void {
    this.atMost += messages;
  }

  lostData(): void {
    this.hasLostData = true;
    this.#stored = '';
  }

  /** What is to be stored, if that has changed since the last call. */
  changed(): string | undefined {
    const { atMost, hasLostData, inHands, server } = this;
    const text = JSON.stringify({ atMost, hasLostData, inHands, server });
    if (text === this.#stored) return undefined;
    this.#stored = text;
    return text;
  }
}
