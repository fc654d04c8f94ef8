import { describe, expect, test } from '@jest/globals';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { queue } from '@redis-messaging/shared/patterns/queue';
import { stream } from '@redis-messaging/shared/patterns/stream/stream';
import type { Evidence, Life, PatternEvidence, ServiceEvidence } from '../../chaos/evidence/evidence.ts';
import type { Happened } from '../../chaos/history.ts';
import { judge } from '../../chaos/oracle/oracle.ts';
import type { Instance } from '../../chaos/service.ts';

/** Messages `m0` to `m9`, one each 100 ms, each handled 10 ms later by process 1. */
const COUNT = 10;
const END = 100_000;

const life = (index: number): Life => ({
  madeAt: 100 * index,
  acceptedAt: 100 * index + 1,
  handledAt: 100 * index + 10,
  handledBy: [1],
});

function evidenceOf(pattern: typeof queue | typeof stream | typeof pubsub, change: Partial<PatternEvidence> = {}) {
  return {
    name: pattern.name,
    guarantees: pattern.guarantees,
    lives: new Map(Array.from({ length: COUNT }, (_, index) => [`m${index}`, life(index)])),
    held: { waiting: [], inFlight: [], dead: [] },
    poison: [],
    isFlowing: true,
    ...change,
  } satisfies PatternEvidence;
}

/** All as it should be, but for what is changed. */
const all = (pattern: PatternEvidence, change: Partial<Evidence> = {}): Evidence => ({
  patterns: [pattern],
  services: [],
  faults: [],
  readiness: [],
  endedAt: END,
  ...change,
});

/** The lives, with one changed. */
function livesWith(id: string, change: Partial<Life>): Map<string, Life> {
  const { lives } = evidenceOf(stream);
  return new Map([...lives, [id, { ...(lives.get(id) ?? { handledBy: [] }), ...change }]]);
}

const unhandled = livesWith('m4', { handledAt: undefined, handledBy: [] });

const fault = (at: number, until: number, change: Partial<Happened> = {}): Happened => ({
  planned: { at: 0, ms: 0, fault: 'hold', pick: 0 },
  what: 'a fault',
  at,
  until,
  isDone: true,
  starves: [],
  deletes: false,
  ...change,
});

const instance = (change: Partial<Instance> = {}): Instance => ({
  pid: 1,
  startedAt: 0,
  isReady: true,
  endedBy: 'SIGTERM',
  exit: 0,
  final: { stream: stats({}) },
  published: 0,
  peakBytes: 1,
  invalid: [],
  undeliverable: [],
  unsaved: new Set(),
  wasShared: false,
  lines: [],
  ...change,
});

const subscriber = (...instances: Instance[]): ServiceEvidence => ({ name: 'A', role: 'subscriber', instances });

/** Promises that were broken, with the messages. */
const found = (evidence: Evidence) => judge(evidence).map(({ promise, keys }) => [promise, ...keys]);

describe('the oracle finds', () => {
  test('nothing, if every message was handled', () => {
    for (const pattern of [stream, queue, pubsub]) expect(found(all(evidenceOf(pattern)))).toEqual([]);
    expect(found(all(evidenceOf(stream), { services: [subscriber(instance())] }))).toEqual([]);
  });

  test('what was accepted, and is neither handled nor in Redis', () => {
    const evidence = all(evidenceOf(stream, { lives: unhandled }));
    expect(found(evidence)).toEqual([['lost', 'm4']]);
    expect(judge(evidence)[0]).toMatchObject({ from: 401, until: 510 }); // m5, accepted later, was handled then
    const dead = [{ key: 'm4', sha1: '' }];
    expect(found(all(evidenceOf(stream, { lives: unhandled, held: { waiting: [], inFlight: [], dead } })))).toEqual([]);
  });

  test('nothing lost of what may not have been accepted', () => {
    const lives = livesWith('m4', { acceptedAt: undefined, handledBy: [] });
    expect(found(all(evidenceOf(stream, { lives })))).toEqual([]);
  });

  test('what is still waiting or in flight', () => {
    const held = { waiting: ['m4'], inFlight: ['m5'], dead: [] };
    expect(found(all(evidenceOf(stream, { held })))).toEqual([['stuck', 'm4', 'm5']]);
  });

  test('a loss by a pattern that may lose, where no fault and no handler explains it', () => {
    const pattern = evidenceOf(queue, { lives: unhandled });
    expect(found(all(pattern))).toEqual([['lost', 'm4']]);
    expect(found(all(pattern, { faults: [fault(5000, 6000)] }))).toEqual([]);
    expect(found(all(pattern, { faults: [fault(5000, 6000, { isDone: false })] }))).toEqual([['lost', 'm4']]);
    expect(found(all(pattern, { faults: [fault(6000, 7000)] }))).toEqual([['lost', 'm4']]);
    const failed = livesWith('m4', { handledAt: undefined, handledBy: [], failedAt: 450 });
    expect(found(all(evidenceOf(queue, { lives: failed })))).toEqual([]);
    expect(found(all(evidenceOf(pubsub, { lives: unhandled })))).toEqual([]);
  });

  test('no loss of what was made before everything was deleted', () => {
    const pattern = evidenceOf(stream, { lives: unhandled });
    expect(found(all(pattern, { faults: [fault(401, 401, { deletes: true })] }))).toEqual([]);
    expect(found(all(pattern, { faults: [fault(399, 399, { deletes: true })] }))).toEqual([['lost', 'm4']]);
  });

  test('what was handled twice, where that is promised not to happen', () => {
    const again = livesWith('m4', { handledBy: [1, 1] });
    const byOther = livesWith('m4', { handledBy: [1, 2] });
    const by = (pattern: Parameters<typeof evidenceOf>[0], lives: Map<string, Life>) =>
      found(all(evidenceOf(pattern, { lives })));
    expect(by(queue, byOther)).toEqual([['twice', 'm4']]);
    expect(by(pubsub, byOther)).toEqual([]);
    expect(by(pubsub, again)).toEqual([['twice', 'm4']]);
    expect(by(stream, again)).toEqual([]);
  });

  test('several processes by one name that are at work by turns, where that is to be one at a time', () => {
    const pids = [1, 2];
    const processes = pids.map((pid) => instance({ pid, final: undefined, wasShared: true, exit: 1 }));
    const A = [subscriber(processes[0] as Instance), subscriber(processes[1] as Instance)];
    const by = (services: ServiceEvidence[], pidOf: (index: number) => number, change: Partial<Life> = {}) => {
      const each = (index: number) => ({ ...life(index), handledBy: [pidOf(index)], ...change });
      const lives = new Map(Array.from({ length: COUNT }, (_, index) => [`m${index}`, each(index)]));
      return [stream, queue].map((pattern) => found(all(evidenceOf(pattern, { lives }), { services })));
    };
    const byTurns = (index: number) => 1 + (index % 2);
    expect(by(A, byTurns)).toEqual([[['name', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']], []]);
    expect(by([subscriber(...processes)], byTurns)[0]).toHaveLength(1);
    // By different names.
    expect(by([A[0] as ServiceEvidence, { ...(A[1] as ServiceEvidence), name: 'B' }], byTurns)).toEqual([[], []]);
    // One after the other; or there and back, and there again, once.
    expect(by(A, (index) => (index < 5 ? 1 : 2))).toEqual([[], []]);
    expect(by(A, (index) => 1 + (Math.floor(index / 2) % 2))).toEqual([[], []]);
    // All of it in the hands of one when the other took the name over.
    expect(by(A, byTurns, { madeAt: 0 })).toEqual([[], []]);
  });

  test('poison that is not among the dead letters as it was', () => {
    const poison = [{ pattern: 'stream', at: 300, key: 'bad', sha1: 'x', stamp: 'chaos-1-' }];
    const held = (sha1: string) => ({ waiting: [], inFlight: [], dead: [{ key: 'bad', sha1 }] });
    expect(found(all(evidenceOf(stream, { poison })))).toEqual([['poison', 'bad']]);
    expect(found(all(evidenceOf(stream, { poison, held: held('y') })))).toEqual([['poison', 'bad']]);
    expect(found(all(evidenceOf(stream, { poison, held: held('x') })))).toEqual([]);
  });

  test('poison that a queue lost: excused by a fault, unless a subscriber had recognised it and was not killed', () => {
    const pattern = evidenceOf(queue, {
      poison: [{ pattern: 'queue', at: 300, key: 'bad', sha1: 'x', stamp: 'chaos-1-' }],
    });
    const faults = [fault(300, 400)];
    const seen = instance({ invalid: ['queue {"id":"chaos-1-"'], final: {} });
    const logged = instance({
      invalid: ['queue {"id":"chaos-1-"'],
      undeliverable: ['queue {"id":"chaos-1-"'],
      final: {},
    });
    const elsewhere = instance({ invalid: ['pubsub {"id":"chaos-1-"'], final: {} });
    const by = (one: Instance) => found(all(pattern, { faults, services: [subscriber(one)] }));
    expect(found(all(pattern))).toEqual([['poison', 'bad']]);
    expect(by(elsewhere)).toEqual([]);
    expect(by(seen)).toEqual([['poison', 'bad']]);
    expect(by({ ...seen, endedBy: 'SIGKILL' })).toEqual([]);
    expect(by(logged)).toEqual([]);
  });

  test('a pattern that does not go on when all faults are over', () => {
    expect(found(all(evidenceOf(stream, { isFlowing: false })))).toEqual([['silent']]);
  });

  test.each([
    ['ended by itself', { endedBy: undefined, exit: 1 }, 'exit'],
    ['ended with an error', { exit: 13 }, 'exit'],
    ['ended without its table', { final: undefined }, 'exit'],
    ['had to be ended with force', { exit: 'SIGTERM' }, 'exit'],
    ['used too much memory', { peakBytes: 200 * 1024 * 1024 }, 'memory'],
    ['booked what it did not handle', { final: { stream: stats({ received: 11 }) } }, 'account'],
    ['did not book where a message is', { final: { stream: stats({ accepted: 11 }) } }, 'account'],
    ['cannot explain what is missing', { final: { stream: stats({ accepted: 11, unexplained: 1 }) } }, 'account'],
    ['booked less than the group handled', { final: { stream: stats({ accepted: 9, handled: 9 }) } }, 'account'],
    ['booked a loss that is none', { final: { stream: stats({ received: 9, accepted: 11, lost: 1 }) } }, 'account'],
  ] as const)('a subscriber that %s', (_what, change, promise) => {
    const services = [subscriber(instance(change as Partial<Instance>))];
    expect(found(all(evidenceOf(stream), { services }))).toEqual([[promise]]);
  });

  test('an account that Redis refused to store, or that two of one name had, need not be complete', () => {
    const short = { stream: stats({ accepted: 11, unexplained: 1 }) };
    const by = (change: Partial<Instance>) =>
      found(all(evidenceOf(stream), { services: [subscriber(instance({ final: short, ...change }))] }));
    expect(by({})).toEqual([['account']]);
    expect(by({ unsaved: new Set(['stream']) })).toEqual([]);
    expect(by({ unsaved: new Set(['queue']) })).toEqual([['account']]);
  });

  test.each([
    ['was killed', { endedBy: 'SIGKILL', exit: 'SIGKILL', final: undefined }],
    ['gave way to another of its name', { endedBy: undefined, exit: 1, final: undefined, wasShared: true }],
  ] as const)('nothing wrong with a subscriber that %s', (_what, change) => {
    const services = [subscriber(instance(change as Partial<Instance>))];
    expect(found(all(evidenceOf(stream), { services }))).toEqual([]);
  });

  test('a publisher whose account is not what its log says', () => {
    const publisher = (published: number): ServiceEvidence => ({
      name: 'publisher of stream',
      role: 'publisher',
      instances: [instance({ published })],
    });
    expect(found(all(evidenceOf(stream), { services: [publisher(10)] }))).toEqual([]);
    expect(found(all(evidenceOf(stream), { services: [publisher(9)] }))).toEqual([['account']]);
  });

  test('a subscriber that is ready for too long, although it cannot consume', () => {
    const starved = fault(10_000, 20_000, { starves: ['A'] });
    const at = (ms: number, isReady = true) => ({ subscriber: 'A', at: ms, isReady, isAnswered: true });
    const silent = { ...at(12_000, false), isAnswered: false };
    const by = (faults: Happened[], ...readiness: Evidence['readiness'][number][]) =>
      found(all(evidenceOf(stream), { faults, readiness }));
    expect(by([starved], at(9000), at(15_000), at(17_000, false), at(21_000))).toEqual([]);
    expect(by([starved], at(17_000))).toEqual([['readiness']]);
    expect(by([starved], silent, at(17_000))).toEqual([]); // it stood still
    expect(by([starved], silent, at(19_000))).toEqual([['readiness']]);
    expect(by([{ ...starved, starves: ['B'] }], at(17_000))).toEqual([]);
    expect(by([{ ...starved, starvedUntil: 16_500 }], at(17_000))).toEqual([]);
    const frozen = fault(12_000, 14_000, { frozen: 'A' }); // it could not know before it went on
    expect(by([starved, frozen], at(19_000))).toEqual([]);
    expect(by([starved, frozen], at(20_000 - 1, false), at(19_999))).toEqual([]);
  });
});

function stats(change: object) {
  const nowhere = { waiting: 0, inFlight: 0, dead: 0, lost: 0, elsewhere: 0, moving: 0, unexplained: 0 };
  return { accepted: 10, handled: 10, ...nowhere, received: 10, ...change };
}
