import { signal } from '@preact/signals';
import type { Happened, PatternFacts, ServiceState } from '../../wire/wire.ts';
import { madeOf } from './accounts.ts';
import { number } from './text.ts';

/** No lane remembers more different causes. */
const MOST_CAUSES = 20;

/** What single messages were lost for, by lane: cause → how many. Set as a whole. */
const causes = signal<ReadonlyMap<string, ReadonlyMap<string, number>>>(new Map());

/** Takes the causes that services tell. @param isNew whether all before is forgotten */
export function noteLosses(happened: readonly Happened[], isNew = false): void {
  const lost = happened.filter(
    ({ what, fate }) =>
      what === 'lost' || what === 'dropped' || what === 'missing' || (what === 'failed' && fate === 'lost'),
  );
  if (lost.length === 0 && !isNew) return;
  const all = new Map(isNew ? [] : causes.peek());
  for (const { lane, what, reason } of lost) {
    const cause =
      what === 'failed'
        ? 'its handler failed'
        : what === 'dropped'
          ? 'came faster than it was handled'
          : (reason ?? what);
    const ofLane = new Map(all.get(lane));
    if (ofLane.size < MOST_CAUSES) ofLane.set(cause, (ofLane.get(cause) ?? 0) + 1);
    all.set(lane, ofLane);
  }
  causes.value = all;
}

/** Why messages of a lane are lost, in words, as far as it is told. @param lost how many are */
export function whyLost({ name, guarantees }: PatternFacts, lost: number, services: readonly ServiceState[]): string[] {
  if (lost === 0) return [];
  const { noSubscribers } = madeOf(name, services);
  const told = [...(causes.value.get(name) ?? [])].map(([cause, messages]) => `${number(messages)} ${cause}`);
  if (noSubscribers > 0) told.unshift(`${number(noSubscribers)} published while nobody listened`);
  if (told.length > 0) return told;
  return [
    guarantees.keepsUnread
      ? 'a subscriber that had them was killed, or cut off'
      : 'their subscriber was away, or cut off',
  ];
}
