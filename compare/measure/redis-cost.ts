import type { Redis } from '@redis-messaging/shared/redis/client';
import { readInfo } from './info.ts';

/** Notes what Redis has used so far. `perMessage` tells what it has used since, divided by a number of messages. */
export async function costOf(redis: Redis) {
  const before = await spent(redis);
  return {
    async perMessage(messages: number): Promise<Record<string, number>> {
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
