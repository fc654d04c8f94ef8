import { describe, expect, test } from '@jest/globals';
import { type Events, type LiveEvent, SCHEMA } from '@redis-messaging/shared/live/protocol';
import { Live } from '../../dashboard/server/live/live.ts';
import { subscriberSnapshot } from '../support/live-snapshot.ts';

const ORIGIN = { v: SCHEMA, service: 'publisher', name: 'p', instance: 'one', at: 0 } as const;

const batchOf = (events: readonly LiveEvent[]): Events => ({ ...ORIGIN, kind: 'events', events, summarized: [] });

const event = (count: number, text: string): LiveEvent => ({
  at: count,
  what: 'made',
  id: 'x',
  count,
  sender: 's',
  session: 'a',
  text,
});

const snapshotOf = (name: string, instance: string, startedAt: number) =>
  subscriberSnapshot({ name, instance, startedAt });

describe('what the server of the live page keeps', () => {
  test('the last messages, in bounded bytes, however many there are and however large', () => {
    const live = new Live(() => {});
    for (let count = 1; count <= 60_000; count++) live.hear(batchOf([event(count, 'x'.repeat(200))]), count);
    expect(live.history.size).toBe(3000);
    expect(live.historyOf('a:60000')?.steps).toHaveLength(1);
    expect(live.historyOf('a:57000')).toBeUndefined();
    for (let count = 1; count <= 20_000; count++) live.hear(batchOf([event(count + 1e6, 'x'.repeat(10_000))]), count);
    expect(live.history.bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    for (let time = 0; time < 10_000; time++) live.hear(batchOf([event(7e6, 'again')]), time);
    expect(live.historyOf('a:7000000')?.steps).toHaveLength(200);
  });

  test('ten minutes of points, 200 marks, 30 services, after 12 hours', () => {
    const live = new Live(() => {});
    for (let second = 0; second < 12 * 3600; second++) {
      const now = second * 1000;
      live.hear(snapshotOf('sub', `sub-${Math.floor(second / 60)}`, now - (now % 60_000)), now);
      live.mark({ at: now, kind: 'fault', text: 'x' });
      live.tick(now);
      live.changes(now);
    }
    const { points, marks, services } = live.snapshot(0);
    expect([points.length, marks.length]).toEqual([600, 200]);
    expect(services.length).toBeLessThan(4);
    for (let index = 0; index < 100; index++) live.hear(snapshotOf(`n${index}`, `n${index}`, 0), 0);
    expect(live.services.all.length).toBeLessThanOrEqual(30);
  });

  test('one batch has a bounded number of happenings, and says how many more there were', () => {
    const live = new Live(() => {});
    for (let count = 0; count < 50; count++)
      live.hear(batchOf(Array.from({ length: 100 }, (_, index) => event(count * 100 + index, ''))), 1);
    const { happened = [], summarized = [] } = live.changes(1) ?? { at: 1 };
    expect(happened).toHaveLength(2000);
    expect(summarized.reduce((sum, { messages }) => sum + messages, 0)).toBe(3000);
  });
});

describe('a service', () => {
  test('that says nothing is silent after a second, and is there again when it speaks', () => {
    const live = new Live(() => {});
    const statusAt = (now: number) => {
      live.tick(now);
      return live.services.get('one')?.status;
    };
    live.hear(snapshotOf('sub', 'one', 0), 0);
    expect([statusAt(900), statusAt(1100)]).toEqual(['up', 'silent']);
    live.hear(snapshotOf('sub', 'one', 0), 1200);
    expect(statusAt(1300)).toBe('up');
    live.hear(snapshotOf('sub', 'two', 1250), 1300); // its name is another's now
    expect(statusAt(1400)).toBe('gone');
    live.hear(snapshotOf('sub', 'one', 0), 1500); // said before it ended
    expect(statusAt(1600)).toBe('gone');
    expect(live.snapshot(0).marks.map(({ text }) => text)).toEqual(['sub says nothing any more', 'sub is heard again']);
  });
});
