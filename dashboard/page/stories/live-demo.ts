import { accountsOf, madeOf, statsOf } from '../state/accounts.ts';
import { control, request } from '../state/actions.ts';
import { shownSubscribers } from '../state/shown.ts';
import { patterns, redis, services } from '../state/store.ts';
import type { LaneFigures, StoryDemo } from './story.ts';

/** The demo of this page, as a story sees it. */
export const liveDemo: StoryDemo = {
  get patterns() {
    const names = new Set(services.value.flatMap(({ snapshot }) => Object.keys(snapshot.patterns)));
    return patterns.value.filter(({ name }) => names.has(name));
  },
  get isRedisUp() {
    return redis.value.status === 'up';
  },
  get subscribers() {
    return shownSubscribers(services.value)
      .filter(({ status }) => status !== 'gone')
      .map(({ snapshot, status }) => ({
        name: snapshot.name,
        instance: snapshot.instance,
        group: snapshot.group ?? '',
        isUp: status === 'up',
      }));
  },
  figuresOf,
  async control(service, action, value) {
    const { ok, reason } = await control(service, action, value);
    if (!ok) throw new Error(reason);
  },
  async request(name, instance, group) {
    const { ok, reason } = await request(name, instance, group);
    if (!ok) throw new Error(reason);
  },
};

function figuresOf(name: string): LaneFigures {
  const all = services.value;
  const pattern = patterns.value.find((each) => each.name === name);
  const accounts = pattern ? accountsOf(pattern, all) : [];
  const first = shownSubscribers(all)[0]?.snapshot;
  const own =
    accounts.find(({ whose }) => whose === '' || whose === first?.name || whose === first?.group) ?? accounts[0];
  const { made, refused, buffered } = madeOf(name, all);
  const told = accounts.filter(({ asOf }) => asOf === undefined);
  const unsettled = told.reduce((sum, { places }) => sum + places.waiting + places.inFlight, 0);
  const byName = Object.fromEntries(
    shownSubscribers(all).map((state) => [state.snapshot.name, statsOf(state, name)?.received ?? 0]),
  );
  return {
    made,
    refused,
    buffered,
    accepted: own?.accepted ?? 0,
    handled: own?.places.handled ?? 0,
    lost: (own?.places.lost ?? 0) + (own?.places.moving ?? 0),
    unsettled: own?.asOf === undefined ? unsettled : unsettled + 1, // who says nothing may have something
    unconfirmed: own?.unconfirmed ?? 0,
    duplicated: accounts.reduce((sum, { duplicated }) => sum + duplicated, 0),
    unexplained: own?.places.unexplained ?? 0,
    byName,
  };
}
