import type { ServiceState } from '../../wire/wire.ts';
import { isSubscriber } from './accounts.ts';
import { span } from './text.ts';

/** The subscribers as boxes, in the order of their names: of several processes of one name the newest. */
export function shownSubscribers(all: readonly ServiceState[]): readonly ServiceState[] {
  return newestByName(all.filter(isSubscriber));
}

/** The publishers, in the same way. */
export const shownPublishers = (all: readonly ServiceState[]): readonly ServiceState[] =>
  newestByName(all.filter((state) => !isSubscriber(state)));

/** How a service is, in words: what is known, and since when. @param now ms, by the server's clock */
export function statusWords({ status, since }: ServiceState, isRedisDown: boolean, now: number): string {
  if (status === 'silent') return isRedisDown ? 'not heard: Redis is down' : `silent for ${span(now - since)}`;
  return `${status} for ${span(now - since)}`;
}

function newestByName(all: readonly ServiceState[]): readonly ServiceState[] {
  const newest = new Map<string, ServiceState>();
  for (const state of all) {
    const { name, startedAt } = state.snapshot;
    const known = newest.get(name);
    if (!known || known.snapshot.startedAt < startedAt) newest.set(name, state);
  }
  return [...newest.values()].sort((one, other) => one.snapshot.name.localeCompare(other.snapshot.name));
}
