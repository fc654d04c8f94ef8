import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import type { Redis } from '@redis-messaging/shared/redis';
import type { Machine } from './result.ts';

/** Where this runs, and which versions. */
export async function machineOf(redis: Redis): Promise<Machine> {
  const info = await redis.info('server');
  const field = (name: string) => new RegExp(`^${name}:(.+)$`, 'm').exec(info)?.[1]?.trim();
  const valkey = field('valkey_version');
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: valkey ? `Valkey ${valkey}` : `Redis ${field('redis_version')}`,
    project: version,
  };
}
