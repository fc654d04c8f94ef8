import { describe, expect, test } from '@jest/globals';
import { Ledger, type StoredLedger } from '@redis-messaging/shared/accounting/ledger';

const MAX_SENDERS = 1000;
const MAX_RUNS = 8;
/** A run is over when as many other messages came. */
const OVER_AFTER = 1000;
const everybody = { audience: 'every-subscriber' } as const;
const shared = { audience: 'one-subscriber' } as const;

/** Message `count` of the sender's run that began at that second. */
const entry = (count: number, { sender = 'a', run = 0 } = {}) => ({
  sender,
  count,
  id: `${sender} ${run} ${count}`,
  madeAt: run * 1_000_000 + count * 1000,
});

function book(ledger: Ledger, counts: readonly number[], of = {}): Ledger {
  for (const count of counts) ledger.receive(entry(count, of));
  return ledger;
}

/** `number` senders of whom one message was received each. */
function passersBy(ledger: Ledger, number: number): Ledger {
  for (let index = 0; index < number; index++) book(ledger, [1], { sender: `passer-by ${index}` });
  return ledger;
}

/** A ledger after a crash. */
function restored(...stored: StoredLedger[]): Ledger {
  const ledger = new Ledger(everybody);
  for (const each of stored) ledger.restore(JSON.parse(JSON.stringify(each)));
  return ledger;
}

describe('senders', () => {
  test('are told apart up to the limit; then the one that was heard least recently is forgotten', () => {
    const ledger = passersBy(book(new Ledger(everybody), [1, 3], { sender: 'first' }), MAX_SENDERS - 1);
    expect(Object.values(ledger.changes().senders)).not.toContain(null);
    book(ledger, [3], { sender: 'passer-by 0' });
    book(ledger, [4], { sender: 'first' });
    book(ledger, [1], { sender: 'one more' });
    const { senders } = ledger.changes();
    expect(Object.keys(senders)).toEqual(['passer-by 0', 'first', 'one more', 'passer-by 1']);
    expect(senders['passer-by 1']).toBeNull();
    expect(ledger.account()).toMatchObject({ received: MAX_SENDERS + 4, lost: 2 });
  });

  test('are kept by name, or by a digest of a long name', () => {
    const [name, longer, another] = ['x'.repeat(200), 'x'.repeat(201), `${'x'.repeat(200)}y`];
    const ledger = new Ledger(everybody);
    for (const sender of [name, longer, another]) book(ledger, [1], { sender });
    const keys = Object.keys(ledger.changes().senders);
    expect(keys).toEqual([name, expect.stringMatching(/^[\w+/]{43}=$/), expect.stringMatching(/^[\w+/]{43}=$/)]);
    expect(new Set(keys).size).toBe(3);
  });

  test('that are forgotten and return are not counted from 1 again', () => {
    const ledger = passersBy(book(new Ledger(everybody), [1, 2]), MAX_SENDERS);
    book(ledger, [3, 4]);
    expect(ledger.account()).toMatchObject({ published: MAX_SENDERS + 4, received: MAX_SENDERS + 4, elsewhere: 0 });
  });

  test('are not counted from 1 after a restore either, if some had been forgotten', () => {
    const { settled, hasForgotten, senders } = passersBy(new Ledger(everybody), MAX_SENDERS + 1).changes();
    expect(hasForgotten).toBe(true);
    const ledger = restored({ senders: {}, ...(settled && { settled }), hasForgotten: true });
    expect(book(ledger, [50]).account()).toMatchObject({ published: 2, received: 2, elsewhere: 0 });
    expect(senders['passer-by 0']).toBeNull();
  });

  test('are counted from 1 after a restore if none had been forgotten', () => {
    expect(book(restored({ senders: {} }), [50]).account()).toMatchObject({ published: 50, elsewhere: 49 });
    expect(book(restored({ senders: { gone: null } }), [2]).account()).toMatchObject({ published: 2, elsewhere: 1 });
  });
});

describe('what is stored', () => {
  test('is only what has changed, also of the sender that was heard last', () => {
    const ledger = book(book(new Ledger(everybody), [1], { sender: 'b' }), [1]);
    expect(Object.keys(ledger.changes().senders)).toEqual(['b', 'a']);
    expect(ledger.changes()).toEqual({ senders: {} });
    book(ledger, [2]);
    expect(Object.keys(ledger.changes().senders)).toEqual(['a']);
    ledger.lose(entry(3));
    expect(ledger.changes().senders.a).toMatchObject([{ highest: 3, unique: 2 }]);
  });

  test('has the totals once, when a run has been closed', () => {
    const ledger = new Ledger(everybody);
    for (let run = 0; run < MAX_RUNS; run++) book(ledger, [1, 3], { run });
    expect(Object.keys(ledger.changes())).toEqual(['senders']);
    book(ledger, [1], { run: MAX_RUNS });
    expect(ledger.changes()).toMatchObject({ settled: { published: 3, received: 2, lost: 1 }, hasForgotten: false });
    expect(Object.keys(ledger.changes())).toEqual(['senders']);
  });

  test('does not change with what is booked afterwards', () => {
    const ledger = passersBy(new Ledger(everybody), MAX_SENDERS + 1);
    const { settled } = ledger.changes();
    const account = ledger.account();
    book(ledger, [1], { sender: 'one more' });
    expect(settled).toMatchObject({ received: 1 });
    expect(account).toMatchObject({ received: MAX_SENDERS + 1 });
  });
});

describe('runs of one sender', () => {
  const runs = (number: number) => {
    const ledger = new Ledger(everybody);
    for (let run = 0; run < number; run++) book(ledger, [1, 2, 4], { run });
    return ledger;
  };

  test('are kept open for late messages, the last of them', () => {
    const ledger = runs(MAX_RUNS);
    expect(ledger.receive(entry(3, { run: 0 }))).toBe('reordered');
    expect(ledger.receive(entry(2, { run: 3 }))).toBe('duplicate');
    expect(ledger.account()).toMatchObject({ lost: MAX_RUNS - 1, duplicated: 1 });
  });

  test('that are closed stay in the totals', () => {
    const ledger = runs(MAX_RUNS + 5);
    const { senders, settled } = ledger.changes();
    expect(senders.a).toHaveLength(MAX_RUNS);
    expect(settled).toMatchObject({ published: 20, received: 15, lost: 5 });
    expect(ledger.account()).toMatchObject({ published: 52, received: 39, lost: 13, elsewhere: 0, duplicated: 0 });
  });

  test('a closed one of a subscriber that shares the messages has nothing lost', () => {
    const ledger = new Ledger(shared);
    for (let run = 0; run <= MAX_RUNS; run++) book(ledger, [1, 3], { run });
    expect(ledger.changes().settled).toMatchObject({ published: 3, received: 2, lost: 0, elsewhere: 1 });
  });

  test('the first message of a run that comes again belongs to that run', () => {
    const ledger = book(book(new Ledger(everybody), [1, 2, 3], { run: 0 }), [1, 2], { run: 1 });
    expect(ledger.receive(entry(1, { run: 1 }))).toBe('duplicate');
    expect(ledger.changes().senders.a).toMatchObject([{ duplicated: 0 }, { duplicated: 1 }]);
  });

  test('a message of before all of them belongs to the newest', () => {
    const ledger = new Ledger(everybody);
    for (const run of [10, 20, 30]) book(ledger, [5], { run });
    expect(ledger.receive(entry(4, { run: 0 }))).toBe('reordered');
    expect(ledger.changes().senders.a).toMatchObject([{ lowest: 5 }, { lowest: 5 }, { lowest: 4 }]);
  });
});

describe('a run that is over', () => {
  /** Two runs: the first up to 3, the second up to 2; as many other messages came as given. */
  function twoRuns(others: number, restore = false): StoredLedger {
    let ledger = book(book(new Ledger(everybody), [1, 2, 3], { run: 0 }), [1], { run: 1 });
    book(
      ledger,
      Array.from({ length: others - 1 }, (_, index) => index + 1),
      { sender: 'others' },
    );
    if (restore) ledger = restored(ledger.changes());
    ledger.receive({ ...entry(4), madeAt: 5_000_000 });
    return ledger.changes();
  }
  const highest = ({ senders }: StoredLedger) => senders.a?.map((run) => run.highest);

  test.each([false, true])('is not continued when many others have come since (restored: %s)', (restore) => {
    expect(highest(twoRuns(OVER_AFTER - 1, restore))).toEqual([4, 1]);
    expect(highest(twoRuns(OVER_AFTER, restore))).toEqual([3, 4]);
  });
});
