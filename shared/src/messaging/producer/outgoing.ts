import type { Payload } from '../../delivery/delivery.ts';
import type { Ticket } from './ticket.ts';

/** A message on its way. */
export interface Outgoing<Value> {
  readonly value: Value;
  readonly id: string | undefined;
  readonly payload: Payload;
  /** Its place among all messages of this producer. */
  readonly place: number;
  readonly ticket: Ticket;
  /** Its place in its batch. */
  readonly index: number;
}
