import { expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared';
import { type Events, type LiveEvent, SCHEMA } from '@redis-messaging/shared/live/protocol';
import { kindOf } from '../../dashboard/page/stage/lane-kind.ts';
import { Scene } from '../../dashboard/page/stage/scene.ts';
import { begin, take } from '../../dashboard/page/state/news.ts';
import { lastMessages, marks, points, services } from '../../dashboard/page/state/store.ts';
import { remembered, trendOf } from '../../dashboard/page/state/trend.ts';
import { Live } from '../../dashboard/server/live/live.ts';
import { subscriberSnapshot } from '../support/live-snapshot.ts';

const HOURS = 12;
/** How often a subscriber is killed and another process has its name: seconds. */
const RESTART_EVERY_S = 30;
/** What a lane shows at most of each. */
const MOST = 300;

const lanes = patterns.map(({ name }) => name);

const originOf = (service: 'publisher' | 'subscriber', instance: string, at: number) =>
  ({ v: SCHEMA, service, name: service, instance, at }) as const;

/** Every lane says something. */
const lately = Object.fromEntries(
  lanes.map((name) => [name, { ms: 1000, in: 1, out: 1, latencyMs: null, handledMs: null, lagMs: 5 }]),
);

/** What services tell in a second: a message made, and in each lane taken, every third of them not acknowledged by anybody. */
function eventsOf(second: number, instance: string): Events[] {
  const now = second * 1000;
  const of = (what: LiveEvent['what'], pattern?: string): LiveEvent => ({
    at: now * 1000,
    what,
    ...(pattern && { pattern }),
    id: 'x',
    count: second,
    sender: 's',
    session: 'a',
  });
  const ends = second % 3 === 0 ? [] : (['handled', 'acknowledged'] as const);
  const made = [of('made'), ...lanes.map((lane) => of('accepted', lane))];
  const taken = lanes.flatMap((lane) => ['received', ...ends].map((what) => of(what as LiveEvent['what'], lane)));
  return [
    { ...originOf('publisher', 'one', now), kind: 'events', events: made, summarized: [] },
    { ...originOf('subscriber', instance, now), kind: 'events', events: taken, summarized: [] },
  ];
}

test(`after ${HOURS} hours' worth of announcements, with a subscriber that is killed all the time, the page knows no more than after some minutes`, () => {
  const live = new Live(() => {});
  const scenes = new Map(patterns.map(({ name, guarantees }) => [name, new Scene(name, kindOf(guarantees))]));
  let instance = '';
  const showAll = (now: number) => {
    const batch = live.changes(now);
    if (!batch) return;
    const happened: Parameters<Scene['take']>[0][] = [];
    take(batch, { began: () => {}, happened: (each) => happened.push(...each) });
    for (const each of happened) scenes.get(each.lane)?.take(each, now, 300);
    for (const scene of scenes.values()) {
      for (const { status, snapshot } of services.value) if (status === 'gone') scene.ended(snapshot.instance, now);
      scene.tidy(now);
    }
  };
  const can = { controls: true, requests: [], containers: false };
  const redis = { status: 'up', since: 0, address: '', version: '', nodes: [] } as const;
  begin({ ...live.snapshot(0), can, redis }, { began: () => {}, happened: () => {} });
  for (let second = 1; second <= HOURS * 3600; second++) {
    const now = second * 1000;
    if (second % RESTART_EVERY_S === 1) {
      if (instance) live.services.mark(instance, 'gone', now);
      instance = `i${second}`;
      live.mark({ at: now, kind: 'fault', text: 'killed', place: 'subscribers' });
    }
    const startedAt = now - (now % (RESTART_EVERY_S * 1000));
    live.hear(subscriberSnapshot({ instance, startedAt, at: now, lately }), now);
    for (const events of eventsOf(second, instance)) live.hear(events, now);
    live.tick(now);
    showAll(now);
    for (const lane of lanes) trendOf(`${instance} ${lane}`, second, now);
  }
  expect([points.value.length, marks.value.length, lastMessages.value.length]).toEqual([600, 200, 12]);
  expect(services.value.length).toBeLessThanOrEqual(3);
  expect(remembered()).toBeLessThanOrEqual(200);
  for (const { name, chips, hands, movers, signs } of scenes.values()) {
    const held = [...hands.values()].reduce((sum, each) => sum + each.size, 0);
    const most = Math.max(chips.size, held, movers.length, signs.length);
    expect([name, hands.size <= 3, most <= MOST]).toEqual([name, true, true]);
  }
});
