import { describe, expect, test } from '@jest/globals';
import { Intervals } from '@redis-messaging/shared/accounting/intervals';
import { audienceAccount, type Member } from '@redis-messaging/shared/accounting/sessions/audience';
import { type Balance, balance, type Evidence } from '@redis-messaging/shared/accounting/sessions/balance';
import { Published, type PublishedSession } from '@redis-messaging/shared/accounting/sessions/published';
import type { StoredSession } from '@redis-messaging/shared/accounting/sessions/session';
import { Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import { type Random, seeded } from '../../testkit/random.ts';
import { upTo } from '../support/up-to.ts';

const CASES = 1000;
const NOTHING = { published: 0, received: 0, lost: 0, elsewhere: 0, duplicated: 0, reordered: 0 };
const NOTHING_HELD = { waiting: 0, inFlight: 0 };
const NONE: Evidence = { atMost: 0, hasLostData: false, inHands: 0, isOpenToOthers: false };
const broadcast = { audience: 'every-subscriber' } as const;
const shared = { audience: 'one-subscriber' } as const;

interface Message {
  readonly session: string;
  readonly sender: string;
  readonly count: number;
  readonly receivedAt: number;
}

/** µs: later with each message. */
let clock = 0;

const keyOf = ({ session, count }: Message) => `${session} ${count}`;

/** Publishers of one name, some of them one after the other, whose messages Redis takes, refuses, or answers too late. */
class World {
  readonly random: Random;
  readonly accepted = new Set<string>();
  readonly refused = new Set<string>();
  /** Redis may have taken them or not; some are there. */
  readonly unconfirmed = new Set<string>();
  readonly #publishers = new Map<string, { made: number; readonly told: Published }>();

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** @returns the message, if Redis has it */
  publish(): Message | undefined {
    const session = `session-${this.random(3)}`;
    const publisher = this.#publishers.get(session) ?? { made: 0, told: new Published() };
    this.#publishers.set(session, publisher);
    const message = { session, sender: 'one name', count: ++publisher.made, receivedAt: ++clock };
    const fate = this.random(20);
    if (fate === 0) {
      publisher.told.refused([message.count]);
      this.refused.add(keyOf(message));
      return undefined;
    }
    if (fate === 1) {
      publisher.told.unconfirmed([message.count]);
      this.unconfirmed.add(keyOf(message));
      return this.random(2) === 0 ? message : undefined;
    }
    this.accepted.add(keyOf(message));
    return message;
  }

  /** Accepted, or unconfirmed, and known to have turned up. */
  acceptedWith(turnedUp: ReadonlySet<string>): readonly string[] {
    return [...this.accepted, ...[...this.unconfirmed].filter((key) => turnedUp.has(key))];
  }

  /** What the publishers have told in the end. */
  get published(): ReadonlyMap<string, PublishedSession> {
    const told = ([session, each]: [string, { made: number; told: Published }]) =>
      [session, each.told.told('one name', { made: each.made, buffered: 0 }, 0, true)] as const;
    return new Map([...this.#publishers].map(told));
  }
}

/** The sessions as they come back from Redis, where they were stored as JSON. */
function stored(sessions: Sessions): ReadonlyMap<string, StoredSession> {
  return new Map([...sessions.entries()].map(([name, session]) => [name, structuredClone(session.stored())]));
}

const memberOf = (sessions: Sessions): Member => ({
  sessions: stored(sessions),
  isInterrupted: (name) => sessions.get(name)?.isInterrupted ?? false,
});

function restarted(sessions: Sessions, guarantees: typeof broadcast | typeof shared, isSplit = false): Sessions {
  const again = new Sessions(guarantees, isSplit);
  again.restore(stored(sessions), clock);
  return again;
}

describe('the account of a broadcast', () => {
  test.each([1, 3])(
    'over %d partitions balances, message by message, whatever is refused, cut off, dropped, repeated, or missed by a restart',
    (partitions) => {
      for (let seed = 1; seed <= CASES; seed++) {
        const world = new World(seed);
        const { random } = world;
        let sessions = new Sessions(broadcast, partitions > 1);
        /** Since when each partition's connection is down. */
        const downAt = new Map<number, number>();
        const unnoticed = new Set<number>();
        /** When the first message arrived that was dropped, because its partition's buffer is full, and nobody was told yet. */
        let droppedAt: number | undefined;
        const interrupt = (since: number) => {
          const isOpen = partitions > 1 && downAt.size > 0;
          sessions.interrupt(isOpen ? Number.POSITIVE_INFINITY : clock, partitions > 1 ? since : undefined);
        };
        const [handled, lost] = [new Set<string>(), new Set<string>()];
        const first = new Map<string, number>();
        for (let step = 0; step < 150; step++) {
          const message = world.publish();
          const partition = random(partitions);
          if (random(25) === 0) {
            const since = downAt.get(partition);
            if (since === undefined) {
              downAt.set(partition, clock);
              if (partitions === 1) continue;
              if (random(2) === 0) interrupt(clock);
              else unnoticed.add(partition);
            } else {
              const isAllTold = unnoticed.size === 0 && droppedAt === undefined;
              if (isAllTold && random(2) === 0) sessions = restarted(sessions, broadcast, partitions > 1);
              unnoticed.delete(partition);
              downAt.delete(partition);
              interrupt(since);
            }
          }
          if (!message || downAt.has(partition)) continue;
          if (droppedAt !== undefined && random(10) === 0) {
            interrupt(droppedAt);
            droppedAt = undefined;
          }
          if (partitions > 1 && random(30) === 0) {
            droppedAt ??= clock;
            continue;
          }
          if (!first.has(message.session)) first.set(message.session, message.count);
          if (random(30) === 0) {
            sessions.lose(message);
            lost.add(keyOf(message));
          } else {
            sessions.receive(message);
            handled.add(keyOf(message));
            if (random(30) === 0) sessions.receive(message);
          }
        }
        for (const since of downAt.values()) interrupt(since);
        if (droppedAt !== undefined) interrupt(droppedAt);
        const { published } = world;
        const account = balance(
          audienceAccount([memberOf(sessions)], published, false, 0),
          NOTHING,
          { waiting: 0, inFlight: 0 },
          NONE,
        );
        const seen = world.acceptedWith(new Set([...handled, ...lost])).filter((key) => {
          const [session, count] = key.split(' ') as [string, string];
          return Number(count) >= (first.get(session) ?? Number.POSITIVE_INFINITY);
        });
        const expected = { accepted: seen.length, handled: handled.size, lost: seen.length - handled.size };
        expect({ seed, ...account }).toEqual({
          seed,
          ...expected,
          waiting: 0,
          inFlight: 0,
          dead: 0,
          elsewhere: 0,
          unexplained: 0,
          moving: 0,
          unconfirmed: [...world.unconfirmed].filter((key) => !handled.has(key) && !lost.has(key)).length,
        });
      }
    },
  );

  test('what was missing before a connection was down is not lost with it', () => {
    const sessions = new Sessions(broadcast, true);
    const SECOND = 1_000_000;
    for (const count of [1, 3, 4, 6])
      sessions.receive({ session: 's', sender: 'x', count, receivedAt: count * SECOND });
    sessions.interrupt(7 * SECOND, 4.5 * SECOND);
    const account = audienceAccount([memberOf(sessions)], new Map(), false, 0);
    expect(balance(account, NOTHING, { waiting: 0, inFlight: 0 }, NONE)).toMatchObject({ lost: 1, unexplained: 1 });
  });

  test('what a publisher at work has not told of yet is on its way: it may have been refused', () => {
    const sessions = new Sessions(broadcast);
    sessions.receive({ session: 's', sender: 'x', count: 1, receivedAt: 1 });
    sessions.interrupt(2);
    sessions.receive({ session: 's', sender: 'x', count: 6, receivedAt: 3 });
    const accountAt = (now: number, refused: readonly number[], made: number) => {
      const told = new Published();
      told.refused(refused);
      const published = new Map([['s', told.told('x', { made, buffered: 0 }, 0, false)]]);
      return balance(audienceAccount([memberOf(sessions)], published, false, now), NOTHING, NOTHING_HELD, NONE);
    };
    expect(accountAt(0, [2], 3)).toMatchObject({ accepted: 5, lost: 1, moving: 2 });
    expect(accountAt(0, [2, 4, 5], 6)).toMatchObject({ accepted: 3, lost: 1, moving: 0 });
    expect(accountAt(5000, [2], 3)).toMatchObject({ accepted: 5, lost: 3, moving: 0 }); // it says nothing any more
  });

  test('has what nobody knows the cause of as unexplained', () => {
    const sessions = new Sessions(broadcast);
    for (const count of [1, 2, 5]) sessions.receive({ session: 's', sender: 'x', count, receivedAt: 1 });
    const told = new Published();
    told.refused([3]);
    const published = new Map([['s', told.told('x', { made: 6, buffered: 0 }, 0, true)]]);
    const account = audienceAccount([memberOf(sessions)], published, false, 0);
    expect(balance(account, NOTHING, { waiting: 0, inFlight: 0 }, NONE)).toMatchObject({
      accepted: 5,
      handled: 3,
      lost: 0,
      unexplained: 2,
    });
    const shared = { ...NONE, atMost: 1, isOpenToOthers: true }; // others may have taken what no cause explains
    expect(balance(account, NOTHING, { waiting: 0, inFlight: 0 }, shared)).toMatchObject({
      lost: 1,
      elsewhere: 1,
      unexplained: 0,
    });
    const moving = audienceAccount(
      [memberOf(sessions)],
      new Map([['s', told.told('x', { made: 6, buffered: 0 }, 0, false)]]),
      false,
      4999,
    );
    expect(balance(moving, NOTHING, { waiting: 0, inFlight: 0 }, NONE)).toMatchObject({ unexplained: 0, moving: 2 });
    expect(
      audienceAccount([], new Map([['s', told.told('x', { made: 6, buffered: 0 }, 0, false)]]), false, 5000).isMoving,
    ).toBe(false);
  });
});

describe('the account of subscribers that share', () => {
  test('balances, message by message, whatever they handle twice, bury, lose, or leave', () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const world = new World(seed);
      const { random } = world;
      const members = [0, 1, 2].map(() => new Sessions(shared));
      const waiting: Message[] = [];
      const handled = new Set<string>();
      const [dead, lost, gone] = [new Set<string>(), new Set<string>(), new Set<string>()];
      let deliveries = 0;
      let popped = 0;
      for (let step = 0; step < 200; step++) {
        const message = world.publish();
        if (message) waiting.push(message);
        if (random(3) === 0 && step < 190) continue;
        const which = random(3);
        if (random(20) === 0) members[which] = restarted(members[which] as Sessions, shared);
        const member = members[which] as Sessions;
        const taken = waiting.shift();
        if (!taken) continue;
        const fate = random(25);
        if (fate === 0) {
          member.bury(taken);
          if (random(2) === 0) dead.add(keyOf(taken));
          else waiting.push(taken); // replayed
        } else if (fate === 1) {
          member.lose(taken);
          lost.add(keyOf(taken));
          dead.delete(keyOf(taken));
        } else if (fate === 2 && !isDead(members, keyOf(taken))) {
          gone.add(keyOf(taken)); // popped by a connection that broke
          popped += 1 + random(3);
        } else {
          member.receive(taken);
          deliveries++;
          handled.add(keyOf(taken));
          if (fate === 3) waiting.push(taken); // redelivered
        }
        for (const key of handled) dead.delete(key);
        for (const set of [dead, lost, gone]) for (const key of handled) set.delete(key);
      }
      const held = { waiting: waiting.length, inFlight: 0 };
      const some = balance(audienceAccount(members.map(memberOf), world.published, true, 0), NOTHING, held, NONE);
      expect([seed, some.accepted]).toEqual([seed, placesIn(some)]);
      for (const message of waiting) {
        members[random(3)]?.receive(message);
        deliveries++;
        handled.add(keyOf(message));
        for (const set of [dead, lost, gone]) set.delete(keyOf(message));
      }
      const audience = audienceAccount(members.map(memberOf), world.published, true, 0);
      const account = balance(audience, NOTHING, { waiting: 0, inFlight: 0 }, { ...NONE, atMost: popped });
      const certainlyGone = [...gone].filter((key) => world.accepted.has(key)).length;
      const accepted = world.acceptedWith(new Set([...handled, ...dead, ...lost])).length;
      expect({ seed, ...account, duplicated: audience.duplicated }).toEqual({
        seed,
        accepted,
        handled: handled.size,
        waiting: 0,
        inFlight: 0,
        dead: dead.size,
        lost: lost.size + certainlyGone,
        elsewhere: 0,
        unexplained: 0,
        moving: 0,
        unconfirmed: world.unconfirmed.size + world.accepted.size - accepted,
        duplicated: deliveries - handled.size,
      });
    }
  });
});

const placesIn = ({ handled, waiting, inFlight, dead, lost, elsewhere, unexplained, moving }: Balance): number =>
  handled + waiting + inFlight + dead + lost + elsewhere + unexplained + moving;

/** Whether somebody has dead-lettered it; who replays a dead letter that then vanishes has it there in his account. */
const isDead = (members: readonly Sessions[], key: string): boolean => {
  const [session = '', count] = key.split(' ');
  const isIn = ([from, to]: readonly [number, number]) => from <= Number(count) && Number(count) <= to;
  return members.some((member) => member.get(session)?.stored().dead.some(isIn));
};

test('what others have stored of a session counts by what they handled, and what a publisher told last by what was seen since', () => {
  const sessions = new Sessions(shared);
  for (let count = 1; count <= 5; count++) sessions.receive({ session: 's', sender: 'me', count, receivedAt: count });
  const late = [...stored(sessions)].map(([name, session]) => [name, { ...session, highest: 1 }] as const);
  const told = new Published().told('me', { made: 3, buffered: 2 }, 0, false);
  const member: Member = { sessions: new Map(late), isInterrupted: () => false };
  const account = audienceAccount([member], new Map([['s', told]]), true, 0);
  expect(account).toMatchObject({ made: 5, buffered: 0, accepted: 5, handled: 5 });
});

describe('the account of a publisher that was killed', () => {
  test('has what it never told of as unconfirmed, message by message, and what it told of as unexplained if it is gone', () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = seeded(seed);
      const member = new Sessions(shared);
      const told = new Published();
      const buffer: number[] = [];
      let made = 0;
      const [accepted, refused, unconfirmed] = [new Set<number>(), new Set<number>(), new Set<number>()];
      const handled = new Set<number>();
      let word: PublishedSession | undefined;
      let settled = new Set<number>();
      let taken = new Set<number>();
      for (let step = 0; step < 100; step++) {
        if (random(2) === 0) {
          if (buffer.length < 4) buffer.push(++made);
          else {
            refused.add(++made);
            told.refused([made]);
          }
        }
        if (random(8) === 0) {
          word = told.told('x', { made, buffered: buffer.length }, 0, false);
          settled = new Set([...accepted, ...refused, ...unconfirmed]);
          taken = new Set(accepted);
        }
        const oldest = random(3) === 0 ? buffer.shift() : undefined;
        if (oldest === undefined) continue;
        const fate = random(8);
        const set = [refused, unconfirmed][fate] ?? accepted;
        set.add(oldest);
        if (set === refused) told.refused([oldest]);
        if (set === unconfirmed) told.unconfirmed([oldest]);
        if (set === refused || random(4) === 0) continue;
        member.receive({ session: 's', sender: 'x', count: oldest, receivedAt: ++clock });
        handled.add(oldest);
      }
      if (!word || handled.size === 0) continue;
      const published = new Map([['s', word]]);
      const audience = audienceAccount([memberOf(member)], published, true, 10_000);
      const highest = Math.max(...handled);
      const gone = [...taken].filter((count) => !handled.has(count)).length;
      const untold = upTo(highest).filter((count) => !settled.has(count) && !handled.has(count)).length;
      const toldUnconfirmed = new Intervals(word.unconfirmed).total;
      const turnedUp = [...unconfirmed].filter((count) => settled.has(count) && handled.has(count)).length;
      expect({ seed, ...balance(audience, NOTHING, NOTHING_HELD, NONE) }).toMatchObject({
        seed,
        accepted: handled.size + gone,
        unexplained: gone,
        unconfirmed: untold + toldUnconfirmed - turnedUp,
        moving: 0,
      });
      const { made: total, accepted: all, refused: no, unconfirmed: perhaps, buffered } = audience;
      expect([seed, all + no + perhaps + buffered]).toEqual([seed, total]);
    }
  });
});
