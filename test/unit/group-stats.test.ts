import { describe, expect, test } from '@jest/globals';
import { Latency } from '@redis-messaging/shared/accounting/latency';
import { type MemberStats, type SubscriberStats, statsTable } from '@redis-messaging/shared/accounting/stats';
import { groupStats } from '../../subscriber/src/group/group-stats.ts';
import { Reports } from '../../subscriber/src/group/reports.ts';
import { useRedis } from '../support/use-redis.ts';

const latency = new Latency().report();
const member = (numbers: MemberStats | Partial<MemberStats>): MemberStats => ({
  latencyMs: latency,
  handledMs: latency,
  ...numbers,
});
const subscriber = (numbers: Partial<SubscriberStats>) =>
  member({ ...{ accepted: 10, handled: 10, lost: 0, failed: 0, received: 10 }, ...numbers }) as SubscriberStats;
const own = subscriber({
  published: { made: 10, refused: 0, buffered: 0 },
  unconfirmed: 1,
  shares: { me: 10, other: 0 },
});

describe('the stats of a group', () => {
  test('of one are its own', () => {
    expect(groupStats(own, 'me', new Map(), true)).toBe(own);
  });

  test('that hears a broadcast are those of all its audiences, added up; what publishers tell is told once', () => {
    const other = member({ accepted: 10, handled: 7, lost: 3, failed: 2 });
    const all = groupStats(own, 'me', new Map([['other', other]]), true);
    expect(all).toMatchObject({ copies: 2, accepted: 20, handled: 17, lost: 3, failed: 2, unconfirmed: 1 });
    expect(all.published.made).toBe(10);
    expect(all.shares).toEqual({ me: 10, other: 7 });
    const lines = statsTable({ pubsub: all }).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(lines.slice(1, 4)).toEqual([
      expect.stringMatching(/^ {2}pubsub × 2 +10 +1 +20 +17 +3 +2 /),
      expect.stringMatching(/^ {4}by me +10 /),
      expect.stringMatching(/^ {4}by other +7 /),
    ]);
  });

  test('that shares have one account, and what happened to each is added up', () => {
    const other = member({ accepted: 99, handled: 99, failed: 2 });
    const all = groupStats(own, 'me', new Map([['other', other]]), false);
    expect(all).toMatchObject({ accepted: 10, handled: 10, failed: 2, shares: own.shares });
    expect(all.copies).toBeUndefined();
  });

  test('of very many show those that handled most', () => {
    const shares = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`name-${index}`, index]));
    const lines = statsTable({ queue: { ...own, shares } as SubscriberStats }).split('\n');
    expect(lines).toHaveLength(2 + 10 + 1);
    expect(lines.at(-1)).toMatch(/^ {4}by 20 others +190 /);
  });
});

describe('the reports of a group', () => {
  const use = useRedis();
  const join = (name: string, topic: string) => new Reports(use.redis, topic, ['pattern', 'group'], name);

  test('of those that end at the same moment, exactly one is the last', async () => {
    for (let round = 0; round < 20; round++) {
      const names = ['a', 'b', 'c', 'd'];
      const group = names.map((name) => join(name, `topic-${round}`));
      const ends = group.map((each) => each.begin(async () => member({})));
      while ((await use.redis.hLen(`{topic-${round}}:pattern:group:reports`)) < names.length);
      for (const end of ends) end();
      await Promise.all(group.map((each) => each.close(member({}))));
      for (const each of group) await each.read();
      expect(group.filter((each, index) => each.shownBy === names[index])).toHaveLength(1);
    }
  });

  test('of a subscriber that no longer tells anything, and what is no report, count for nobody', async () => {
    const key = '{topic}:pattern:group:reports';
    const told = { isClosed: false, stats: { handled: 3, lost: '<b>', latencyMs: { p50: 'x' }, handledMs: {} } };
    await use.redis.hSet(key, {
      '0': 'no report',
      '1': '{"stats":null}',
      '2': JSON.stringify({ ...told, at: Date.now() - 5000 }), // killed just now
      '3': JSON.stringify({ ...told, at: Date.now() - 120_000 }),
    });
    const reports = join('me', 'topic');
    await reports.read();
    expect(reports.shownBy).toBe('me');
    expect([...reports.others.keys()]).toEqual(['2']);
    expect(reports.others.get('2')).toMatchObject({ handled: 3, lost: 0, latencyMs: { p50: null } });
    await use.redis.hSet(key, '2', JSON.stringify({ ...told, at: Date.now() }));
    await reports.read();
    expect([reports.shownBy, reports.isHere('2')]).toEqual(['2', true]);
  });
});
