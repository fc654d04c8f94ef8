import type { PublisherStats } from '@redis-messaging/shared/accounting/stats';
import type { ServiceProcess } from '../../testkit/service-process.ts';
import type { Counts } from '../measure/result.ts';
import { sum } from './sum.ts';

/** Where the messages of publishers are, as these say: one place each. */
export type Publishing = Pick<Counts, 'made' | 'accepted' | 'refused' | 'unconfirmed' | 'buffered'>;

/** What publishers say at their end of a pattern's messages. @param made how many they were told to make */
export function publishingOf(made: number, publishers: readonly ServiceProcess[], pattern: string): Publishing {
  const all = publishers.map((service) => service.progress[pattern] as PublisherStats);
  const total = (key: Exclude<keyof Publishing, 'made'>) => sum(all.map((stats) => stats[key]));
  return {
    made,
    accepted: total('accepted'),
    refused: total('refused'),
    unconfirmed: total('unconfirmed'),
    buffered: total('buffered'),
  };
}

/** With messages that were not confirmed, and turned up at a subscriber: Redis had accepted them. */
export function withTurnedUp(publishing: Publishing, turnedUp: number): Publishing {
  const { accepted, unconfirmed } = publishing;
  return { ...publishing, accepted: accepted + turnedUp, unconfirmed: unconfirmed - turnedUp };
}
