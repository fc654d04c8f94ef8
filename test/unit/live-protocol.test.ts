import { describe, expect, test } from '@jest/globals';
import {
  type Announcement,
  MOST_BYTES,
  MOST_SHOWN_PER_SECOND,
  RANGES,
  SCHEMA,
} from '@redis-messaging/shared/live/protocol';
import { Rate } from '@redis-messaging/shared/live/rate';
import { readAnnouncement } from '@redis-messaging/shared/live/read-announcement';
import { isWatching, readControl } from '@redis-messaging/shared/live/read-control';
import { Recorder } from '@redis-messaging/shared/live/recorder';

const payload = (data: unknown) => Buffer.from(typeof data === 'string' ? data : JSON.stringify(data));
const origin = { v: SCHEMA, service: 'subscriber', name: 'first', instance: 'abc_-9', at: 1_750_000_000_000 } as const;
const event = { at: 1, what: 'received', pattern: 'queue', id: 'x', count: 1, sender: 'me', text: '<b>' } as const;
const quantiles = { p50: 1, p99: -0.5, max: 3, of: 7 };
const snapshot = {
  ...origin,
  kind: 'snapshot',
  pid: 7,
  host: 'here',
  startedAt: 1,
  group: 'subscribers',
  takesControls: true,
  settings: { workTime: 0, failRate: null, concurrency: 1, pace: 0.1 },
  patterns: { queue: { accepted: 1, listeners: null, firstAt: '2026', latencyMs: { p50: null }, shares: { a: 1 } } },
  topics: { queue: 'message_queue' },
  partitions: 1,
  lately: { queue: { ms: 250, in: 1, out: 1, latencyMs: quantiles, handledMs: null, lagMs: 0 } },
};
const events = { ...origin, kind: 'events', events: [event], summarized: [{ pattern: '', what: 'made', messages: 3 }] };
const done = { ...origin, kind: 'done', control: 'c', do: 'workTime', ok: false, reason: 'no' };

describe('an announcement', () => {
  test.each([snapshot, events, done])('is read as it was said: %#', (said) => {
    expect(readAnnouncement(payload(said))).toEqual(said as unknown as Announcement);
  });

  const broken: readonly (readonly [string, unknown])[] = [
    ['no JSON', '{'],
    ['no object', []],
    ['nothing', 'null'],
    ['nested deeply', `${'['.repeat(2000)}`],
    ['too long', { ...done, reason: 'x'.repeat(MOST_BYTES) }],
    ['of another schema', { ...done, v: SCHEMA + 1 }],
    ['of another kind', { ...done, kind: 'x' }],
    ['of nobody', { ...done, service: 'redis' }],
    ['of an instance with spaces', { ...done, instance: 'a b' }],
    ['of no time', { ...done, at: '1' }],
    ['of a name that is no text', { ...done, name: {} }],
    ['of an unknown action', { ...done, do: 'constructor' }],
    ['with an unknown happening', { ...events, events: [{ ...event, what: 'toString' }] }],
    ['with a text that is none', { ...events, events: [{ ...event, text: { x: 1 } }] }],
    ['with a text that is long', { ...events, events: [{ ...event, text: 'x'.repeat(1001) }] }],
    ['with a count below 0', { ...events, summarized: [{ pattern: '', what: 'made', messages: -1 }] }],
    ['with events that are no list', { ...events, events: { length: 1 } }],
    ['with settings of the other service', { ...snapshot, settings: { interval: 1, pace: 1, isPaused: false } }],
    ['with stats that are nested', { ...snapshot, patterns: { queue: { a: { b: { c: 1 } } } } }],
    ['with a stat that is yes or no', { ...snapshot, patterns: { queue: { a: true } } }],
    ['with figures that are text', { ...snapshot, lately: { queue: { ...snapshot.lately.queue, in: '1' } } }],
    ['with many names', { ...snapshot, topics: Object.fromEntries(Array.from({ length: 201 }, (_, at) => [at, 'x'])) }],
  ];
  test.each(broken)('is none if it is %s', (_what, said) => {
    expect(readAnnouncement(payload(said))).toBeUndefined();
  });
});

describe('a control', () => {
  const control = { kind: 'control', v: SCHEMA, id: 'a', to: { service: 'publisher' }, do: 'pace', value: 0.5 };

  test('is read without what does not belong to it', () => {
    const more = { ...control, more: 1, to: { service: 'publisher', instance: 'x', more: 2 } };
    expect(readControl(payload(more))).toEqual({ ...control, to: { service: 'publisher', instance: 'x' } });
    expect(readControl(payload({ ...control, do: 'pause', value: undefined }))).not.toHaveProperty('value');
  });

  test.each(Object.entries(RANGES))('%s: within its range only', (action, { least, most }) => {
    const service = ['interval', 'burst', 'pace'].includes(action) ? 'publisher' : 'subscriber';
    const read = (value: unknown) => readControl(payload({ ...control, to: { service }, do: action, value }));
    for (const value of [least, most]) expect(read(value)?.value).toBe(value);
    for (const value of [least - 0.0001, most + 0.0001, Number.NaN, null, String(least), true, [least], undefined])
      expect(read(value)).toBeUndefined();
  });

  test('somebody looks only if exactly that is said', () => {
    expect(isWatching(payload({ kind: 'watching', v: SCHEMA }))).toBe(true);
    for (const said of ['', 'watching', '[]', { kind: 'watching' }, { kind: 'watching', v: '1' }, control])
      expect(isWatching(payload(said))).toBe(false);
  });
});

describe('what is told of each message', () => {
  const MOST = MOST_SHOWN_PER_SECOND;

  test('all up to the limit, then none until a whole second has had no more', () => {
    const rate = new Rate();
    expect(rate.take(MOST, 0)).toBe(MOST);
    expect(rate.take(1, 999)).toBe(0);
    expect(rate.take(1, 1000)).toBe(0); // the second before had one more
    expect(rate.take(MOST - 1, 1999)).toBe(0);
    expect(rate.take(150, 2000)).toBe(150);
    expect(rate.take(100, 2100)).toBe(50);
    expect(rate.take(1, 3000)).toBe(0);
    expect(rate.take(1, 5000)).toBe(1); // after a second of silence
  });

  test('is in events or in the sum, and fits in an announcement', () => {
    const recorder = new Recorder();
    const long = (place: number) => ({ ...event, count: place, text: '€'.repeat(200) });
    recorder.record('queue', 'received', 500, long);
    recorder.record('stream', 'received', 100, long);
    recorder.count('stream', 'missing', 3);
    expect(recorder.hasEvents).toBe(true);
    const taken = Array.from({ length: 6 }, () => recorder.take());
    expect(taken[0]?.summarized).toEqual([
      { pattern: 'queue', what: 'received', messages: 300 },
      { pattern: 'stream', what: 'missing', messages: 3 },
    ]);
    expect(taken.flatMap(({ events: told }) => told)).toHaveLength(300);
    for (const { events: told } of taken) expect(Buffer.byteLength(told.join())).toBeLessThan(MOST_BYTES - 10_000);
    expect(recorder.hasAny).toBe(false);
  });
});
