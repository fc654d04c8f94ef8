import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import {
  added,
  causesOfCount,
  fitting,
  NOBODY_LISTENED,
  type PossibleCause,
  TOO_FAST,
  UNEXPLAINED,
} from '../../compare/account/causes.ts';
import { handledAtCrash } from '../../compare/account/deduplication.ts';
import { cutOffCount, droppedBy } from '../../compare/account/further-causes.ts';
import { mostInFlight } from '../../compare/account/outages.ts';
import { reconcile } from '../../compare/account/reconciliation.ts';
import { notReplicated } from '../../compare/account/replication.ts';
import { lostToLateGroup } from '../../compare/experiments/consumers/late-group.ts';
import { lostWithConnection } from '../../compare/experiments/faults/broken-connection.ts';
import { lostWithRedis } from '../../compare/experiments/faults/redis-killed.ts';
import { lostInStall } from '../../compare/experiments/faults/slow-subscriber.ts';
import { lostInCrashes } from '../../compare/experiments/faults/subscriber-crashes.ts';
import { lostAtStops } from '../../compare/experiments/faults/subscriber-stops.ts';
import { lostWithPrimary } from '../../compare/experiments/servers/primary-dies.ts';
import { lostInMigrations } from '../../compare/experiments/servers/slots-migrate.ts';
import { judge } from '../../compare/verdict/verdict.ts';
import type { Line } from '../../testkit/service-process.ts';
import { measuredWith } from '../support/measured.ts';

/** A message is made and accepted every 10 ms, and received 1 ms later. */
const EVERY_MS = 10;
const at = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();
const epoch = (ms: number) => 1_700_000_000_000 + ms;
const published = (count: number, reply = 1): Line => ({
  id: `id-${count}`,
  sender: 'me',
  count,
  reply,
  publishMs: 0,
  time: at(count * EVERY_MS),
});
const received = (count: number, ms = count * EVERY_MS + 1): Line => ({
  id: `id-${count}`,
  sender: 'me',
  count,
  latencyMs: 1,
  time: at(ms),
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

const guaranteesOf = (name: string) => patterns.find((pattern) => pattern.name === name)?.guarantees as Guarantees;
const [pushed, popped, kept] = ['pubsub', 'queue', 'stream'].map(guaranteesOf) as [Guarantees, Guarantees, Guarantees];

interface Case {
  readonly guarantees: Guarantees;
  readonly causes: readonly PossibleCause[];
  /** Messages that do not arrive, of 100. */
  readonly missing: readonly number[];
  /** Of them, those that Redis said reached nobody. */
  readonly noSubscribers?: readonly number[];
  /** When those behind the missing ones are received: by default at once. */
  readonly delayMs?: number;
}

const ALL = 100;

/** How many of the missing messages have no cause, and the verdict. */
function judged({ guarantees, causes, missing, noSubscribers = [], delayMs = 0 }: Case) {
  const arrived = range(1, ALL).filter((count) => !missing.includes(count));
  const first = Math.min(...missing);
  const lines = arrived.map((count) => received(count, count * EVERY_MS + 1 + (count > first ? delayMs : 0)));
  const counts = reconcile({
    guarantees,
    publishing: { made: ALL, accepted: ALL, refused: 0, unconfirmed: 0, buffered: 0 },
    published: range(1, ALL).map((count) => published(count, noSubscribers.includes(count) ? 0 : 1)),
    received: new Map([['A', lines]]),
    held: { waiting: 0, inFlight: 0, dead: 0 },
    foreignDeadLetters: 0,
    possibleCauses: causes,
  });
  const unexplained = counts.causes.find(({ cause }) => cause === UNEXPLAINED)?.messages ?? 0;
  return { unexplained, verdict: judge(measuredWith(counts), []).verdict };
}

const explained = { unexplained: 0, verdict: 'loss outside the promise' };
const without = (messages: number) => ({ unexplained: messages, verdict: 'broken' });

/** From when message 40 is made until message 60 is made. */
const outage = { from: epoch(400), until: epoch(600) };
const kill = { held: 5, askedAt: epoch(395), killedAt: epoch(400), outage, workSeconds: 0.025 };

/** The primary dies when message 40 has been accepted. @param replicated the messages that its replica has */
const deathWith = (replicated: readonly number[]) => ({
  replicated: new Set(replicated.map((count) => `id-${count}`)),
  cutAt: epoch(300),
  endedAt: epoch(400),
  killedAt: epoch(400),
  redisBackAt: epoch(600),
  outages: [outage],
  workSeconds: 0.025,
});

describe('a loss with a primary, by a pattern that keeps messages', () => {
  const lost = (missing: readonly number[], replicated: readonly number[]) =>
    judged({ guarantees: kept, causes: lostWithPrimary(kept, deathWith(replicated)), missing });

  test('is explained by what its replica did not have, behind all that it had', () => {
    const later = range(61, ALL); // accepted by the new primary
    expect(lost(range(35, 40), [...range(1, 34), ...later])).toEqual(explained);
    expect(lost([37], [...range(1, 34), ...later])).toEqual(explained); // others were handled before
  });

  test('is not explained for what its replica had, what was made later, or a gap in what it had', () => {
    expect(lost(range(35, 40), range(1, ALL))).toEqual(without(6));
    expect(lost(range(38, 45), range(1, 37))).toEqual(without(5));
    expect(
      lost(
        [20, 39, 40],
        range(1, 38).filter((count) => count !== 20),
      ),
    ).toEqual(without(1));
  });

  test('is not explained for what was made before, and accepted by the new primary', () => {
    const late = { ...published(45), publishMs: 100 };
    const audience = {
      subscribers: ['A'],
      deliveries: [],
      accepted: [...range(1, 30).map((count) => published(count)), late],
    };
    const explains = (replicated: readonly number[]) => notReplicated(deathWith(replicated)).explains([late], audience);
    expect(explains(range(1, 30))).toEqual([late]);
    expect(explains([...range(1, 30), 45])).toEqual([]);
  });
});

describe('a loss by a pattern that pushes', () => {
  const inOutage: readonly (readonly [string, readonly PossibleCause[]])[] = [
    ['a crash', lostInCrashes(pushed, [outage])],
    ['a stop', lostAtStops(pushed, [outage])],
    ['a broken connection', lostWithConnection(pushed, [outage])],
    ['a kill of Redis', lostWithRedis(pushed, 'none', kill)],
    ['a stall', lostInStall(pushed, [outage])],
    ['the death of a primary', lostWithPrimary(pushed, deathWith([]))],
    ['a migration', lostInMigrations(pushed, [outage])],
  ];

  test.each(inOutage)('is explained by %s as far as it was made meanwhile', (_what, causes) => {
    const lost = (missing: readonly number[]) => judged({ guarantees: pushed, causes, missing });
    expect(lost(range(41, 60))).toEqual(explained);
    expect(lost(range(38, 60))).toEqual(explained); // sent before, and still on its way
    expect(lost(range(41, 65))).toEqual(without(5)); // made when it was back
    expect(lost([20])).toEqual(without(1)); // later ones from before did arrive
    expect(lost([20, ...range(41, 60)])).toEqual(without(1));
    expect(lost([90])).toEqual(without(1));
  });

  test.each([
    ['crash', lostInCrashes(pushed, [])],
    ['stop', lostAtStops(pushed, [])],
    ['break of a connection', lostWithConnection(pushed, [])],
    ['disconnection by Redis', lostInStall(pushed, [])],
  ])('is not explained without a %s', (_what, causes) => {
    expect(judged({ guarantees: pushed, causes, missing: [50] })).toEqual(without(1));
  });

  test('is explained where Redis said that nobody listened, and only there', () => {
    const causes: PossibleCause[] = [];
    expect(judged({ guarantees: pushed, causes, missing: [7, 8], noSubscribers: [7, 8] })).toEqual(explained);
    expect(judged({ guarantees: pushed, causes, missing: [7, 8], noSubscribers: [7] })).toEqual(without(1));
  });
});

describe('a loss by a pattern that pops', () => {
  /** What handlers in these experiments take: so many are in flight. */
  const most = mostInFlight(0.0005);
  const late = { delayMs: 400 };

  test.each([
    ['a crash', lostInCrashes(popped, [outage])],
    ['a broken connection', lostWithConnection(popped, [outage])],
  ])('is explained by %s as far as it was in flight: one row, of which those behind came later', (_what, causes) => {
    const lost = (missing: readonly number[], more = {}) => judged({ guarantees: popped, causes, missing, ...more });
    expect(lost(range(35, 45))).toEqual(explained);
    expect(lost(range(10, 30), late)).toEqual(explained); // it was behind, and popped them late
    expect(lost(range(10, 30))).toEqual(without(21)); // those behind came before the crash
    expect(lost([...range(35, 45), 50])).toEqual(without(1)); // a second row
    expect(lost(range(58, 65), late)).toEqual(without(8)); // made when it was over
  });

  test('is not explained beyond what can be in flight', () => {
    expect([most, mostInFlight(), mostInFlight(0.05)]).toEqual([201, 501, 3]);
    const causes = lostWithRedis(popped, 'always', kill); // 25 ms for each message
    const lost = (missing: readonly number[]) => judged({ guarantees: popped, causes, missing });
    expect(lost(range(36, 40))).toEqual(explained);
    expect(lost(range(36, 43))).toEqual(without(3));
  });

  test('is never explained by an orderly stop', () => {
    expect(judged({ guarantees: popped, causes: lostAtStops(popped, [outage]), missing: [40] })).toEqual(without(1));
  });

  test('two crashes may cost two rows, or one that is longer', () => {
    const second = { from: epoch(700), until: epoch(800) };
    const causes = lostInCrashes(popped, [outage, second]);
    expect(judged({ guarantees: popped, causes, missing: [...range(40, 45), ...range(70, 75)] })).toEqual(explained);
    expect(judged({ guarantees: popped, causes, missing: [40, 70, 75] })).toEqual(without(1));
  });
});

describe('a loss by a pattern that redelivers', () => {
  test.each([
    ['a crash', lostInCrashes(kept, [outage])],
    ['a stop', lostAtStops(kept, [outage])],
    ['a broken connection', lostWithConnection(kept, [outage])],
    ['a stall', lostInStall(kept, [outage])],
    ['a kill of Redis that keeps everything', lostWithRedis(kept, 'always', kill)],
  ])('is never explained by %s', (_what, causes) => {
    expect(judged({ guarantees: kept, causes, missing: [40] })).toEqual(without(1));
  });

  test('is explained by a kill of Redis as far as it held them, and they were not on disk', () => {
    const lost = (persistence: 'everysec' | 'none', missing: readonly number[], more = {}) =>
      judged({ guarantees: kept, causes: lostWithRedis(kept, persistence, { ...kill, ...more }), missing });
    expect(lost('none', range(35, 39))).toEqual(explained);
    expect(lost('none', range(33, 39))).toEqual(without(2)); // more than it held
    expect(lost('none', range(35, 45))).toEqual(without(5)); // made after the kill
    expect(lost('none', range(33, 40))).toEqual(without(2)); // 40 came after the question
    expect(lost('everysec', range(36, 40))).toEqual(explained);
    const later = { askedAt: epoch(2490), killedAt: epoch(2500) };
    expect(lost('everysec', [48, 49, 50, 51], later)).toEqual(without(2)); // more than two seconds old
  });
});

describe('further evidence', () => {
  const readyAt = epoch(500);

  test('a late group misses what was published before it was there, and no other group does', () => {
    const lines = (counts: readonly number[]) => counts.map((count) => received(count));
    const found = (a: readonly number[], b: readonly number[]) =>
      reconcile({
        guarantees: pushed,
        publishing: { made: 60, accepted: 60, refused: 0, unconfirmed: 0, buffered: 0 },
        published: range(1, 60).map((count) => published(count)),
        received: new Map([
          ['A', lines(a)],
          ['B', lines(b)],
        ]),
        held: { waiting: 0, inFlight: 0, dead: 0 },
        foreignDeadLetters: 0,
        possibleCauses: lostToLateGroup(readyAt),
      }).causes.find(({ cause }) => cause === UNEXPLAINED);
    expect(found(range(1, 60), range(51, 60))).toBeUndefined();
    expect(found(range(1, 60), range(52, 60))).toEqual({ cause: UNEXPLAINED, messages: 1 });
    expect(found(range(2, 60), range(51, 60))).toEqual({ cause: UNEXPLAINED, messages: 1 });
  });

  test('a subscriber drops as many as it says, before it says so', () => {
    const said = [
      { messages: 2, time: at(300) },
      { messages: 3, time: at(500) },
    ];
    const causes = [droppedBy('A', said)];
    expect(judged({ guarantees: pushed, causes, missing: range(10, 14) })).toEqual(explained);
    expect(judged({ guarantees: pushed, causes, missing: range(10, 15) })).toEqual(without(1));
    expect(judged({ guarantees: pushed, causes, missing: [51] })).toEqual(without(1));
    expect(judged({ guarantees: pushed, causes: [droppedBy('B', said)], missing: [10] })).toEqual(without(1));
    expect(judged({ guarantees: pushed, causes: [droppedBy('A', [])], missing: [10] })).toEqual(without(1));
  });

  test('Redis remembers what a crashed subscriber had handled: as many as were in flight', () => {
    const lines = range(1, 100).map((count) => published(count));
    const handledIds = new Set(lines.map(({ id }) => id));
    const known = range(1, 30).map((count) => received(count));
    const counts = (...args: Parameters<typeof handledAtCrash>) => handledAtCrash(...args).map(({ count }) => count);
    expect(counts(lines, known, handledIds, [outage], 5)).toEqual(range(31, 35));
    expect(counts(lines, known, handledIds, [outage], 500)).toEqual(range(31, 60));
    expect(counts(lines, known, handledIds, [], 500)).toEqual([]);
    expect(counts(lines, known, new Set(['id-33', 'id-90']), [outage], 500)).toEqual([33]);
  });
});

describe('messages that did not get into Redis', () => {
  /** Of 100, made every 10 ms. */
  const refusals = (missing: readonly number[], publisherOutages = [outage], audiences = ['A']) => {
    const lines = range(1, ALL).filter((count) => !missing.includes(count));
    const counts = reconcile({
      guarantees: pushed,
      publishing: {
        made: ALL,
        accepted: lines.length,
        refused: missing.length - 1,
        unconfirmed: 1,
        buffered: 0,
      },
      published: lines.map((count) => published(count)),
      received: new Map(audiences.map((name) => [name, lines.map((count) => received(count))])),
      held: { waiting: 0, inFlight: 0, dead: 0 },
      foreignDeadLetters: 0,
      possibleCauses: [],
      publisherOutages,
    });
    return { causes: counts.causes.map(({ messages }) => messages), verdict: judge(measuredWith(counts), []).verdict };
  };

  test('are explained as far as they were made while it was away', () => {
    expect(refusals(range(40, 59))).toEqual({ causes: [19, 1], verdict: 'loss outside the promise' });
    expect(refusals(range(38, 59))).toEqual({ causes: [21, 1], verdict: 'loss outside the promise' }); // on their way
    expect(refusals([20, ...range(40, 59)])).toEqual({ causes: [20, 1], verdict: 'broken' });
    expect(refusals([...range(40, 59), 63])).toEqual({ causes: [20, 1], verdict: 'broken' });
    expect(refusals(range(91, 100))).toEqual({ causes: [10], verdict: 'broken' });
    expect(refusals(range(40, 59), [])).toEqual({ causes: [20], verdict: 'broken' });
  });

  test('are missing for each audience', () => {
    expect(refusals(range(40, 59), [outage], ['A', 'B']).causes).toEqual([38, 2]);
  });
});

describe('causes by numbers', () => {
  const counted = [
    { cause: NOBODY_LISTENED, atMost: 5 },
    { cause: TOO_FAST, atMost: 3 },
  ];

  test.each([
    [0, []],
    [-2, []],
    [4, [[NOBODY_LISTENED, 4]]],
    [
      7,
      [
        [NOBODY_LISTENED, 5],
        [TOO_FAST, 2],
      ],
    ],
    [
      9,
      [
        [NOBODY_LISTENED, 5],
        [TOO_FAST, 3],
        [UNEXPLAINED, 1],
      ],
    ],
  ])('%d lost', (lost, expected) => {
    expect(causesOfCount(lost, counted).map(({ cause, messages }) => [cause, messages])).toEqual(expected);
  });

  test('a disconnection costs no more than Redis may buffer, and none costs nothing', () => {
    expect(cutOffCount(2, 1000, 300)).toEqual({ cause: 'disconnected as too slow', atMost: 8 });
    expect(cutOffCount(0, 1000, 300).atMost).toBe(0);
  });

  test('what Redis keeps is taken from what is not explained first', () => {
    const causes = [
      { cause: 'a crash', messages: 3 },
      { cause: UNEXPLAINED, messages: 2 },
    ];
    expect(fitting(causes, 5)).toEqual(causes);
    expect(fitting(causes, 4)).toEqual([causes[0], { cause: UNEXPLAINED, messages: 1 }]);
    expect(fitting(causes, 2)).toEqual([{ cause: 'a crash', messages: 2 }]);
    expect(fitting(causes, 6)).toEqual([causes[0], { cause: UNEXPLAINED, messages: 3 }]);
  });

  test('are added up by name', () => {
    const one = { cause: 'x', messages: 1 };
    expect(added([one, { cause: 'y', messages: 2 }, one])).toEqual([
      { cause: 'x', messages: 2 },
      { cause: 'y', messages: 2 },
    ]);
  });
});
