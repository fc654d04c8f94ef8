import type { RedisSentinelOptions } from 'redis';
import type { RedisOptions } from '../client.ts';
import { HopelessError } from '../outcome.ts';
import { askServers, inWords } from './ask-servers.ts';
import type { Address } from './following-client.ts';
import type { Servers } from './servers.ts';

/** The options of node-redis' `createSentinel` that are used: the primary that these Sentinels name. */
export type SentinelOptions = Pick<
  RedisSentinelOptions,
  'name' | 'sentinelRootNodes' | 'nodeClientOptions' | 'sentinelClientOptions' | 'nodeAddressMap'
>;

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
    const primary = await askServers(sentinels, sentinelClientOptions as RedisOptions, async (redis) => {
      const reply = await redis.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
      if (!Array.isArray(reply))
        throw new HopelessError(`the Sentinels know no primary by the name ${JSON.stringify(name)}`);
      return { host: String(reply[0]), port: Number(reply[1]) };
    });
    return mapped(primary, nodeAddressMap);
  };
  const server = { ...(nodeClientOptions as RedisOptions), locate };
  return {
    address: `the primary ${JSON.stringify(name)} of the Sentinels ${inWords(sentinels)}`,
    isCluster: false,
    optionsFor: () => server,
  };
}

/** The address by which a server is reached from here. */
export function mapped(address: Address, map: SentinelOptions['nodeAddressMap']): Address {
  const announced = inWords([address]);
  return (typeof map === 'function' ? map(announced) : map?.[announced]) ?? address;
}
