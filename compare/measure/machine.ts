import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { readInfo } from './info.ts';
import type { Machine } from './result.ts';

/** The machine, and the versions of what runs on it. */
export async function machineOf(redis: Redis): Promise<Machine> {
  const info = await readInfo(redis, 'server');
  const valkey = info.get('valkey_version');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: valkey ? `Valkey ${valkey}` : `Redis ${info.get('redis_version')}`,
    project: version,
  };
}
