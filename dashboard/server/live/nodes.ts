import type { Redis } from '@redis-messaging/shared/redis/client';
import { addressOf, type RedisOptions } from '@redis-messaging/shared/redis/options';
import type { RedisNode } from '../../wire/wire.ts';

/** By pattern, the names of the keys or channels that its topic has; `undefined` of what goes to all servers. */
export type Places = ReadonlyMap<string, readonly string[] | undefined>;

/** More names are not looked for: whoever may publish to Redis could tell any number. */
const MOST_NAMES = 5000;
const MOST_NODES = 100;

interface Seen extends Omit<RedisNode, 'lanes'> {
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/** Finds out which servers there are, and who has what. */
export class Nodes {
  readonly #slots = new Map<string, number>();

  /** @param placesNow what patterns there are @returns none, if there is but one server @throws if Redis does not answer, or refuses */
  async look(redis: Redis, isCluster: boolean, placesNow: () => Places): Promise<readonly RedisNode[]> {
    const seen = isCluster
      ? readClusterNodes(await redis.clusterNodes())
      : readReplication(await redis.info('replication'), addressOf((redis.options ?? {}) as RedisOptions));
    if (seen.length < 2) return [];
    const places = placesNow();
    const inOrder = seen.toSorted((one, other) => one.address.localeCompare(other.address, 'en', { numeric: true }));
    if (isCluster) await this.#findSlots(redis, places);
    return inOrder.map(({ ranges, ...node }) => ({ ...node, lanes: this.#lanesOf(node, ranges, isCluster, places) }));
  }

  async #findSlots(redis: Redis, places: Places): Promise<void> {
    const all = [...places.values()].flatMap((names) => names ?? []);
    const names = all.filter((name) => !this.#slots.has(name)).slice(0, MOST_NAMES - this.#slots.size);
    const slots = await Promise.all(names.map((name) => redis.clusterKeySlot(name)));
    for (const [index, name] of names.entries()) this.#slots.set(name, slots[index] as number);
  }

  #lanesOf({ role, isUp }: Omit<RedisNode, 'lanes'>, ranges: Seen['ranges'], isCluster: boolean, places: Places) {
    const has = (name: string) => {
      if (!isCluster) return role === 'primary';
      const slot = this.#slots.get(name);
      return slot !== undefined && ranges.some(([from, to]) => from <= slot && slot <= to);
    };
    const counts = [...places].map(([lane, names]) => [lane, names ? names.filter(has).length : Number(isUp)] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }
}

/** Reads what CLUSTER NODES says. */
export function readClusterNodes(said: string): readonly Seen[] {
  const fields = said.split('\n').flatMap((line) => (line ? [line.split(' ')] : []));
  const members = fields.filter(([, , flags = '']) => !/handshake|noaddr/.test(flags)).slice(0, MOST_NODES);
  const addresses = new Map(members.map(([id, address]) => [id, shownAddress(address)]));
  return members.map(([, address, flags = '', primary, , , , link, ...slots]) => {
    const ranges = slots.flatMap(readRange);
    return {
      address: shownAddress(address),
      role: /slave/.test(flags) ? 'replica' : 'primary',
      isUp: !/(^|,)fail\??(,|$)/.test(flags) && link === 'connected',
      of: addresses.get(primary) ?? '',
      slots: ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0),
      ranges,
    } as const;
  });
}

/** "0-5460" or "7"; slots on their way ("[93-<-…]") are not yet, or still, another's. */
function readRange(slots: string): (readonly [number, number])[] {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(slots) ?? [];
  return from === undefined ? [] : [[Number(from), Number(to)]];
}

/** "ip:port@busport,hostname": the name, if there is one. */
function shownAddress(said = ''): string {
  const [, ip, port, hostname] = /^(.*):(\d+)(?:@\d+)?(?:,([^,]*))?/.exec(said) ?? [];
  return `${hostname || ip}:${port}`;
}

/** Reads what a server without a Cluster says of its replicas. @param address its own */
export function readReplication(info: string, address: string): readonly Seen[] {
  const primary = { address, role: 'primary', isUp: true, of: '', slots: 0, ranges: [] } as const;
  const replicas = [...info.matchAll(/^slave\d+:ip=([^,\r]*),port=(\d+),state=(\w+)/gm)].slice(0, MOST_NODES);
  return [
    primary,
    ...replicas.map(([, ip, port, state]) => {
      const replica = { ...primary, address: `${ip}:${port}`, of: address };
      return { ...replica, role: 'replica', isUp: state === 'online' } as const;
    }),
  ];
}
