/** Messages of one id take turns: the next may begin when the one before is settled, and it is known whether it was handled. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();
  readonly #leave = new Map<object, () => void>();

  /** @returns resolves when it is this message's turn; `undefined` if it is now */
  enter(message: { readonly id: string | undefined }): Promise<void> | undefined {
    const id = message.id as string;
    const before = this.#last.get(id);
    let leave = () => {};
    const turn = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#last.set(id, turn);
    this.#leave.set(message, () => {
      leave();
      if (this.#last.get(id) === turn) this.#last.delete(id);
    });
    return before;
  }

  /** These are settled. Does nothing for those that have not entered. */
  leave(messages: readonly object[]): void {
    if (this.#leave.size === 0) return;
    for (const message of messages) {
      this.#leave.get(message)?.();
      this.#leave.delete(message);
    }
  }
}
