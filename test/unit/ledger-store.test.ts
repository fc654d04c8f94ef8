import { afterEach, describe, expect, test } from '@jest/globals';
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import { Sessions } from '@redis-messaging/shared/accounting/sessions/sessions';
import { AccountPlace } from '../../subscriber/src/account-place.ts';
import { accountKey, Names } from '../../subscriber/src/group/names.ts';
import { LedgerStore } from '../../subscriber/src/ledger-store.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

afterEach(async () => {
  await own.redis.flushAll();
});

const entry = (count: number) => ({ sender: 'me', id: `id-${count}`, count, madeAt: count });

function newStore() {
  const ledger = new Ledger({ audience: 'every-subscriber' });
  return {
    ledger,
    store: new LedgerStore(
      [new AccountPlace(own.redis, accountKey('topic', ['pattern', 'group'], 'me'))],
      { ledger, sessions: new Sessions({ audience: 'every-subscriber' }) },
      new Names(own.redis, 'topic', ['pattern', 'group'], 'me'),
    ),
  };
}

/** What another instance of the subscriber would go on with. */
async function stored() {
  const { ledger, store } = newStore();
  await store.open();
  return ledger.account().received;
}

describe('the ledger store', () => {
  test('stores what changed after it was asked to store when nothing had', async () => {
    const { ledger, store } = newStore();
    await store.save();
    ledger.receive(entry(1));
    await store.save();
    expect(await stored()).toBe(1);
  });

  test('asked many times at once, stores everything, one write at a time', async () => {
    const { ledger, store } = newStore();
    await own.redis.configResetStat();
    const saves = Array.from({ length: 200 }, (_, index) => {
      ledger.receive(entry(index + 1));
      return store.save();
    });
    await Promise.all(saves);
    expect(await stored()).toBe(200);
    const calls = Number(/^cmdstat_hset:calls=(\d+)/m.exec(await own.redis.info('commandstats'))?.[1]);
    expect(calls).toBeLessThan(10);
  });

  test('whoever asks it to store is answered, although more and more changes meanwhile', async () => {
    const { ledger, store } = newStore();
    const saving: Promise<void>[] = [];
    let isAnswered = false;
    const deadline = performance.now() + 5000;
    while (!isAnswered && performance.now() < deadline) {
      ledger.receive(entry(saving.length + 1));
      saving.push(store.save());
      void saving[0]?.then(() => {
        isAnswered = true;
      });
      await new Promise(setImmediate); // soon enough for something to have changed whenever a save ends
    }
    expect(isAnswered).toBe(true);
    await Promise.all(saving);
  });

  test('removes of forgotten senders what is stored, and asks for nothing of those that never were', async () => {
    const { ledger, store } = newStore();
    const oneEach = (from: number, to: number) => {
      for (let number = from; number <= to; number++) ledger.receive({ ...entry(1), sender: `sender ${number}` });
    };
    const removals = async () => /^cmdstat_hdel:calls=(\d+)/m.exec(await own.redis.info('commandstats'))?.[1];
    await own.redis.configResetStat();
    oneEach(1, 1500); // of which 1,000 can be told apart
    await store.save();
    expect(await removals()).toBeUndefined();
    oneEach(1501, 1502);
    await store.save();
    expect(await removals()).toBe('1');
    const fields = await own.redis.hKeys('{topic}:pattern:group:ledger:me');
    expect(fields).toHaveLength(1001);
    expect(await stored()).toBe(1502);
  });

  test('what Redis refuses to store keeps no memory of forgotten senders', async () => {
    const { ledger, store } = newStore();
    await own.redis.set('{topic}:pattern:group:ledger:me', 'not a hash');
    for (let round = 1; round <= 5; round++) {
      for (let number = 1; number <= 1000; number++) ledger.receive({ ...entry(1), sender: `${round} ${number}` });
      await expect(store.save()).rejects.toThrow('WRONGTYPE');
    }
    expect(store.writes().map(({ command, args }) => [command, args.length])).toEqual([['HSET', 2 * 1001]]);
  });

  test('a write that Redis refuses is an error to everybody who asked for it, and is done the next time', async () => {
    const { ledger, store } = newStore();
    await own.redis.set('{topic}:pattern:group:ledger:me', 'not a hash');
    ledger.receive(entry(1));
    const results = await Promise.allSettled([store.save(), store.save()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await own.redis.del('{topic}:pattern:group:ledger:me');
    await store.save();
    expect(await stored()).toBe(1);
  });

  test('what goes with an acknowledgement is written again until it is known to be stored', () => {
    const { ledger, store } = newStore();
    ledger.receive(entry(1));
    const first = store.writes();
    expect(first).toMatchObject([{ command: 'HSET', key: '{topic}:pattern:group:ledger:me' }]);
    expect(store.writes()).toEqual(first);
    store.stored();
    expect(store.writes()).toEqual([]);
  });

  test('what an acknowledgement overwrites that was sent again is stored anew', async () => {
    const { ledger, store } = newStore();
    ledger.receive(entry(1));
    const [write] = store.writes();
    ledger.receive(entry(2));
    await store.save();
    await own.redis.hSet(write?.key as string, write?.args as [string, string]); // behind the save
    store.stored();
    await store.save();
    expect(await stored()).toBe(2);
  });
});
