import type { RedisSentinelOptions } from 'redis';
import type { Redis, RedisOptions } from '../client.ts';
import { HopelessError } from '../outcome.ts';
import { askServers, inWords } from './ask-servers.ts';
import type { Address } from './following-client.ts';
import type { Servers } from './servers.ts';

/** The options of node-redis' `createSentinel` that are used: the primary that these Sentinels name. */
export type SentinelOptions = Pick<
  RedisSentinelOptions,
  'name' | 'sentinelRootNodes' | 'nodeClientOptions' | 'sentinelClientOptions' | 'nodeAddressMap'
>;

/** A client of node-redis' `createSentinel`. */
export type AnySentinel = { getMasterNode(): unknown; duplicate(): unknown };

export const isSentinel = (redis: object): redis is AnySentinel =>
  typeof (redis as Partial<AnySentinel>).getMasterNode === 'function';

/** The options of such a client. It tells them to nobody but its duplicates, which its constructor makes: this one keeps them. */
export function optionsOf(sentinel: AnySentinel): SentinelOptions {
  let given: SentinelOptions | undefined;
  class Duplicate {
    constructor(options: SentinelOptions) {
      given = options;
    }
  }
  Object.create(Object.create(sentinel, { constructor: { value: Duplicate } })).duplicate();
  if (!given) throw new TypeError('createMessaging: this Sentinel client does not tell its options; pass the options');
  return given;
}

/** The primary that Sentinels name: they are asked again before each attempt to connect. */
export function sentinelServers(options: SentinelOptions): Servers {
  const {
    name,
    sentinelRootNodes: sentinels,
    nodeClientOptions = {},
    sentinelClientOptions = {},
    nodeAddressMap,
  } = options;
  const locate = async (): Promise<Address> => {
    const primary = await askServers(sentinels, sentinelClientOptions as RedisOptions, (redis) =>
      primaryOf(redis, name),
    );
    return mapped(primary, nodeAddressMap);
  };
  const server = { ...(nodeClientOptions as RedisOptions), locate };
  return {
    address: `the primary ${JSON.stringify(name)} of the Sentinels ${inWords(sentinels)}`,
    isCluster: false,
    optionsFor: () => server,
  };
}

async function primaryOf(sentinel: Redis, name: string): Promise<Address> {
  const reply = await sentinel.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
  if (!Array.isArray(reply))
    throw new HopelessError(`the Sentinels know no primary by the name ${JSON.stringify(name)}`);
  return { host: String(reply[0]), port: Number(reply[1]) };
}

/** The address by which a server is reached from here. */
export function mapped(address: Address, map: SentinelOptions['nodeAddressMap']): Address {
  const announced = inWords([address]);
  return (typeof map === 'function' ? map(announced) : map?.[announced]) ?? address;
}
