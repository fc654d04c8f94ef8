import type { ServiceState } from '../../wire/wire.ts';
import { isSubscriber } from '../state/accounts.ts';

/** The subscribers as boxes, in the order of their names: of several processes of one name the newest. */
export function shownSubscribers(all: readonly ServiceState[]): readonly ServiceState[] {
  return newestByName(all.filter(isSubscriber));
}

/** The publishers, in the same way. */
export const shownPublishers = (all: readonly ServiceState[]): readonly ServiceState[] =>
  newestByName(all.filter((state) => !isSubscriber(state)));

function newestByName(all: readonly ServiceState[]): readonly ServiceState[] {
  const newest = new Map<string, ServiceState>();
  for (const state of all) {
    const { name, startedAt } = state.snapshot;
    const known = newest.get(name);
    if (!known || known.snapshot.startedAt < startedAt) newest.set(name, state);
  }
  return [...newest.values()].sort((one, other) => one.snapshot.name.localeCompare(other.snapshot.name));
}
