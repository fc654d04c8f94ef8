import { sanitize } from '@redis-messaging/shared/text/sanitize';
import { formatNumber } from '@redis-messaging/shared/text/table';

/** Prints to standard output, and resolves once that has taken it: a long list must not wait in memory for a slow reader. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

/** Counts dead letters, and remembers the first few by number and reason. */
export class Examples {
  readonly #shown: string[] = [];
  count = 0;

  add(number: number, reason: string): void {
    if (++this.count <= 5) this.#shown.push(`#${number} (${sanitize(reason, 120)})`);
  }

  toString(): string {
    const more = this.count - this.#shown.length;
    return this.#shown.join(', ') + (more > 0 ? ` and ${formatNumber(more)} more` : '');
  }
}
