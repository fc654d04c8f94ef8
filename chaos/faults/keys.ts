import { keyOf } from '@redis-messaging/shared/delivery/keys';
import type { System } from '../system.ts';
import { type Fault, oneOf, type Random } from './fault.ts';

const WRONG = 'of the wrong type';

/**
 * Puts a string in the place of a key, which keeps what it holds under another name. First what Redis may refuse, so that a
 * refusal changes nothing. KEYS: key, another name for it, a name to begin with. ARGV: the string.
 */
const SET_ASIDE = `
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('TYPE', KEYS[1]).ok == 'string' then return 0 end
redis.call('SET', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[2]) end
redis.call('RENAME', KEYS[3], KEYS[1])
return 1
`;

/** Undoes it. May be repeated. KEYS and ARGV as above. */
const PUT_BACK = `
if redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('ERR there is another key in its place') end
redis.call('RENAME', KEYS[2], KEYS[1])
return 1
`;

export const wrongType: Fault = {
  name: 'wrong-type',
  about: 'a key is of the wrong type, and later again what it was',
  lasts: [500, 5000],
  async inject(system, random) {
    const key = oneOf(await someKeys(system, random), random);
    const keys = [key, keyOf(key, 'aside'), keyOf(key, 'wrong')];
    const run = (script: string) => (admin: System['admin']) => admin.eval(script, { keys, arguments: [WRONG] });
    if ((await system.ask(run(SET_ASIDE))) !== 1) throw new Error(`${key} is not to be changed now`);
    return { what: `${key} is of the wrong type`, undo: async () => void (await system.insist(run(PUT_BACK))) };
  },
};

/** Topics and their dead letters, lists of what is in flight, or all keys that hold several elements. */
async function someKeys(system: System, random: Random): Promise<readonly string[]> {
  const { mainKeys } = system;
  if (random(2) === 0) return mainKeys;
  const others = random(2) === 0 ? await keysOf(system, ['list']) : [];
  if (others.length > 0) return others;
  return [...mainKeys, ...(await keysOf(system, ['list', 'hash', 'set']))];
}

/** The keys of some types, besides the main ones. */
async function keysOf({ admin, mainKeys }: System, types: readonly ('list' | 'hash' | 'set')[]): Promise<string[]> {
  const keys = new Set<string>();
  for (const TYPE of types)
    for await (const found of admin.scanIterator({ TYPE, COUNT: 10_000 }))
      for (const key of found) if (!key.endsWith(':aside') && !mainKeys.includes(key)) keys.add(key);
  return [...keys].sort();
}
