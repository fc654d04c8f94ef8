import { describe, expect, test } from '@jest/globals';
import { Ledger, type StoredLedger } from '@redis-messaging/shared/accounting/ledger';
import { seeded } from '../../testkit/random.ts';
import { upTo } from '../support/up-to.ts';

const START = 1_000_000_000;
const everybody = { audience: 'every-subscriber' } as const;
const shared = { audience: 'one-subscriber' } as const;

/** Message `count` of a run that began at `start`, one each ms. */
const entry = (count: number, { sender = 'a', run = 1, start = START } = {}) => ({
  sender,
  count,
  id: `${sender}-${run}-${count}`,
  madeAt: start + count * 1000,
});

function book(ledger: Ledger, counts: readonly number[], run = {}): Ledger {
  for (const count of counts) ledger.receive(entry(count, run));
  return ledger;
}

describe('ledger', () => {
  test('goes on after a crash from what it stored, as if nothing had happened', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const whole = new Ledger(everybody);
      let parts = new Ledger(everybody);
      let stored: StoredLedger = { senders: {} };
      for (let step = 0; step < 600; step++) {
        const start = START + random(20) * 1e9;
        const what = entry(random(100), { sender: `sender ${random(3)}`, run: random(20), start });
        if (parts.receive(what) !== whole.receive(what)) throw new Error(`seed ${seed}: not the same at step ${step}`);
        if (random(10) > 0) continue;
        const changes = JSON.parse(JSON.stringify(parts.changes())) as StoredLedger;
        stored = { ...stored, ...changes, senders: { ...stored.senders, ...changes.senders } };
        parts = new Ledger(everybody);
        parts.restore(stored);
        expect({ seed, step, ...parts.account() }).toEqual({ seed, step, ...whole.account() });
      }
      expect(whole.account().lost).toBeGreaterThan(0);
    }
  });

  test('alone, a reader of shared messages knows that what is missing is lost', () => {
    const ledger = book(new Ledger(shared), [1, 2, 5]);
    expect(ledger.account()).toMatchObject({ published: 5, received: 3, lost: 0, elsewhere: 2 });
    expect(ledger.account(true)).toMatchObject({ published: 5, received: 3, lost: 2, elsewhere: 0 });
  });

  test('agrees with a plain count of a random run: lost, duplicated, reordered, elsewhere', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seeded(seed);
      const first = 1 + random(20);
      const counts: number[] = [];
      for (let count = first; count < first + 300; count++) {
        if (count === first || random(10) > 0) counts.push(count);
        if (random(10) === 0) counts.push(counts[random(counts.length)] as number);
        const at = counts.length - 1;
        if (random(10) === 0 && at > 1) [counts[at - 1], counts[at]] = [counts[at] as number, counts[at - 1] as number];
      }
      const unique = new Set(counts);
      const highest = Math.max(...counts);
      const lowest = Math.min(...counts);
      const seen = new Set<number>();
      let reordered = 0;
      let top = 0;
      for (const count of counts) {
        if (!seen.has(count) && count < top) reordered++;
        seen.add(count);
        top = Math.max(top, count);
      }
      expect([seed, book(new Ledger(everybody), counts).account()]).toEqual([
        seed,
        {
          published: highest,
          received: unique.size,
          lost: highest - lowest + 1 - unique.size,
          elsewhere: lowest - 1,
          duplicated: counts.length - unique.size,
          reordered,
        },
      ]);
    }
  });

  test('messages from before we listened are elsewhere, not silently fine', () => {
    expect(book(new Ledger(everybody), [5, 6, 8]).account()).toMatchObject({
      published: 8,
      received: 3,
      lost: 1,
      elsewhere: 4,
    });
  });

  test('a sender that starts again is a new run; what is missing at its start is elsewhere', () => {
    const ledger = book(new Ledger(everybody), [1, 2, 3, 4]);
    book(ledger, [3, 4, 5], { run: 2, start: START + 60_000_000 });
    expect(ledger.account()).toEqual({ published: 9, received: 7, lost: 0, elsewhere: 2, duplicated: 0, reordered: 0 });
  });

  test('a sender that starts again with its clock set back is a new run all the same', () => {
    const ledger = book(new Ledger(everybody), [1, 2, 3]);
    book(ledger, [1, 2, 3], { run: 2, start: START - 60_000_000 });
    expect(ledger.account()).toMatchObject({ published: 6, received: 6, lost: 0, duplicated: 0 });
  });

  test('two publishers that go by one name at the same time are two runs, not a heap of losses', () => {
    const ledger = new Ledger(everybody);
    for (let count = 1; count <= 500; count++) {
      book(ledger, [count], { run: 1, start: START });
      if (count > 100) book(ledger, [count - 100], { run: 2, start: START + 100_300 });
    }
    expect(ledger.account()).toEqual({
      published: 900,
      received: 900,
      lost: 0,
      elsewhere: 0,
      duplicated: 0,
      reordered: 0,
    });
  });

  test('a run that is over is not continued by the next run, whatever that loses', () => {
    const ledger = book(new Ledger(everybody), upTo(2000));
    book(ledger, [...upTo(1999), 2001, 2002], { run: 2, start: START + 60_000_000 });
    expect(ledger.account()).toMatchObject({ published: 4002, received: 4001, lost: 1 });
  });

  test('redelivery of an earlier run counts as duplicated, not as a new run', () => {
    const ledger = book(new Ledger(everybody), [1, 2, 3]);
    book(ledger, [1, 2], { run: 2, start: START + 60_000_000 });
    book(ledger, [2, 3]);
    expect(ledger.account()).toMatchObject({ published: 5, received: 5, lost: 0, duplicated: 2 });
  });

  test('a late message fills its gap', () => {
    const ledger = book(new Ledger(everybody), [1, 3]);
    expect(ledger.account()).toMatchObject({ lost: 1 });
    expect(ledger.receive(entry(2))).toBe('reordered');
    expect(ledger.account()).toMatchObject({ lost: 0, reordered: 1 });
  });

  test('where subscribers share the messages, what another may have is elsewhere, not lost', () => {
    const [one, two] = [new Ledger(shared), new Ledger(shared)];
    book(one, [1, 3, 5, 6]);
    book(two, [2, 4]);
    expect(one.account()).toMatchObject({ published: 6, received: 4, lost: 0, elsewhere: 2, reordered: 0 });
    expect(two.account()).toMatchObject({ published: 4, received: 2, lost: 0, elsewhere: 2 });
  });

  test('what was dropped unhandled is lost', () => {
    const ledger = book(new Ledger(everybody), [1, 2]);
    ledger.lose(entry(3));
    expect(ledger.account()).toMatchObject({ published: 3, received: 2, lost: 1 });
  });

  test('what is lost in the hands of this subscriber is lost, also where subscribers share the messages', () => {
    const ledger = book(new Ledger(shared), [1, 2, 5]);
    ledger.lose(entry(6));
    expect(ledger.account()).toMatchObject({ published: 6, received: 3, lost: 1, elsewhere: 2 });
  });

  test('a sender that is heard often is not forgotten for many that are heard once; one that returns is not counted twice', () => {
    const ledger = new Ledger(everybody);
    book(ledger, upTo(100), { sender: 'faithful' });
    book(ledger, upTo(100), { sender: 'returning' });
    for (let sender = 0; sender < 3000; sender++) {
      book(ledger, [1], { sender: `passer-by ${sender}` });
      book(ledger, [101 + sender], { sender: 'faithful' });
    }
    book(ledger, [101, 102], { sender: 'returning' });
    expect(ledger.account()).toEqual({
      published: 6202,
      received: 6202,
      lost: 0,
      elsewhere: 0,
      duplicated: 0,
      reordered: 0,
    });
  });

  test('one forged count does not spoil the figures of a sender', () => {
    const ledger = book(new Ledger(everybody), [1, 2]);
    ledger.receive({ ...entry(Number.MAX_SAFE_INTEGER), madeAt: START + 2500 });
    ledger.receive({ ...entry(Number.MAX_SAFE_INTEGER - 5), madeAt: 9e15 });
    book(ledger, [3, 4, 6]);
    expect(ledger.account()).toMatchObject({ received: 7, lost: 1, reordered: 0, duplicated: 0 });
  });

  test('senders do not mix, and more senders than can be told apart cost no figures', () => {
    const ledger = new Ledger(everybody);
    for (let sender = 0; sender < 3000; sender++) book(ledger, [1, 3], { sender: `${'long '.repeat(100)}${sender}` });
    expect(ledger.account()).toMatchObject({ published: 9000, received: 6000, lost: 3000, duplicated: 0 });
  });
});
