import type { ServerProgram } from './find-server.ts';
import { direct, untilReady } from './one-server.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

/** A primary, its replicas, and Sentinels that watch them, all private and on loopback. */
export interface RedisSentinel {
  /** The name that the Sentinels have for the primary. */
  readonly name: string;
  /** The one that is the primary at the start comes first. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** The port of the primary, as the Sentinels say. */
  primaryPort(): Promise<number>;
  /** Stops all of it. */
  stop(): Promise<void>;
}

/** How to run them. */
export interface SentinelLayout {
  readonly replicas: number;
  readonly sentinels: number;
  /** How long the primary is silent before it counts as down: ms. */
  readonly downAfterMs: number;
  /** Further lines for the servers' configuration. */
  readonly settings?: readonly string[];
}

const NAME = 'demo';

/** Starts them, and resolves once the Sentinels know each other and the replicas. */
export async function startRedisSentinel(program: ServerProgram, layout: SentinelLayout): Promise<RedisSentinel> {
  const { replicas, sentinels: count, downAfterMs, settings = [] } = layout;
  const all: RedisServer[] = [];
  const stop = async () => void (await Promise.all(all.map((server) => server.stop())));
  const start = async (lines: readonly string[], mode?: 'sentinel') => {
    const server = await startRedisServer(program, { settings: lines, ...(mode && { args: ['--sentinel'] }) });
    all.push(server);
    return server;
  };
  try {
    const common = ['repl-diskless-sync-delay 0', ...settings];
    const primary = await start(common);
    const replicaOf = `replicaof 127.0.0.1 ${primary.port}`;
    const followers = await Promise.all(Array.from({ length: replicas }, () => start([...common, replicaOf])));
    const watch = [
      `sentinel monitor ${NAME} 127.0.0.1 ${primary.port} ${Math.floor(count / 2) + 1}`,
      `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${NAME} 5000`,
    ];
    const sentinels = await Promise.all(Array.from({ length: count }, () => start(watch, 'sentinel')));
    const ask = async (port: number, question: string) =>
      await direct(port, async (redis) => await redis.sendCommand(['SENTINEL', question, NAME]));
    const knowEachOther = async () => {
      const replies = await Promise.all(sentinels.map(({ port }) => ask(port, 'MASTER')));
      return replies.every((reply) => {
        const facts = reply as unknown as Readonly<Record<string, string>>;
        return (
          facts.flags === 'master' &&
          Number(facts['num-other-sentinels']) === count - 1 &&
          Number(facts['num-slaves']) === replicas
        );
      });
    };
    await untilReady('the Sentinels', knowEachOther);
    return {
      name: NAME,
      servers: [primary, ...followers],
      sentinels,
      async primaryPort() {
        const [, port] = (await ask(
          (sentinels[0] as RedisServer).port,
          'GET-MASTER-ADDR-BY-NAME',
        )) as unknown as string[];
        return Number(port);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
