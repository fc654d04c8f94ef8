import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { readInfo } from './info.ts';

/** What Redis uses from a moment on. */
export interface Cost {
  perMessage(messages: number): Promise<Record<string, number>>;
}

/** Notes what Redis has used so far. `perMessage` tells what it has used since, divided by a number of messages. */
export async function costOf(redis: Redis): Promise<Cost> {
  const before = await spent(redis);
  return {
    async perMessage(messages) {
      const after = await spent(redis);
      const each = (key: keyof typeof after, digits: number) =>
        Number(((after[key] - before[key]) / messages).toFixed(digits));
      return {
        'Redis CPU (µs per message)': each('cpuMicros', 2),
        'Redis memory (bytes per message)': each('memory', 0),
        'network (bytes per message)': each('bytes', 0),
        'commands (per message)': each('commands', 3),
      };
    },
  };
}

/** How long to look at what servers use while nothing is asked of them: ms. */
const IDLE_MS = 1000;

/** The same for the CPU of several servers, each by its number, without what they use while idle. */
export async function cpuOf(servers: readonly Redis[]): Promise<Cost> {
  const look = async () => ({ at: performance.now(), cpu: await Promise.all(servers.map(cpuMicros)) });
  const first = await look();
  await sleep(IDLE_MS);
  const before = await look();
  return {
    async perMessage(messages) {
      const after = await look();
      const spans = (after.at - before.at) / (before.at - first.at);
      const each = after.cpu.map((micros, index) => {
        const [idle, begin] = [first.cpu[index] as number, before.cpu[index] as number];
        return Math.max(0, micros - begin - spans * (begin - idle)) / messages;
      });
      return Object.fromEntries(each.map((cost, index) => [cpuFigure(index + 1), Number(cost.toFixed(2))]));
    },
  };
}

/** The name of the figure of a server's CPU. */
export const cpuFigure = (server: number): string => `primary ${server}: CPU (µs per message)`;

const cpuMicros = async (redis: Redis): Promise<number> => (await spent(redis)).cpuMicros;

async function spent(redis: Redis) {
  const info = await readInfo(redis);
  const field = (name: string) => Number(info.get(name) ?? 0);
  return {
    cpuMicros: 1e6 * (field('used_cpu_user') + field('used_cpu_sys')),
    memory: field('used_memory'),
    bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
    commands: field('total_commands_processed'),
  };
}
