import { keyOf } from '../../delivery/keys.ts';

/** Where a list's subscribers keep what they need. */
export function keysOf(list: string, consumer: string) {
  return {
    /** What the consumer has in flight. */
    processing: keyOf(list, 'processing', consumer),
    /** Who has the consumer's name: there while the consumer gives signs of life. See `NameLease`. */
    alive: keyOf(list, 'alive', consumer),
    /** Set of the consumers that have, or may have, something in flight. */
    consumers: keyOf(list, 'consumers'),
    /** Names the last acknowledgement: one whose answer was lost must not be done twice, to others with the same bytes. */
    acknowledged: keyOf(list, 'acknowledged', consumer),
    /** Hash: how many attempts to handle a message have failed, by its id or the hash of its payload. */
    attempts: keyOf(list, 'attempts'),
  };
}

/** There if a message has been handled, by its id. */
export const handledMark = (list: string, id: string): string => keyOf(list, 'handled', id);
