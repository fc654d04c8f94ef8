import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { RedisOptions } from '@redis-messaging/shared/redis/client';
import { loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { redisOptions } from '@redis-messaging/shared/service/redis-options';

const DEFAULT_PORT = 8080;

/** How the server runs, from the environment. */
export interface Settings {
  readonly redis: RedisOptions;
  /** The address on which it listens, or its name: DASHBOARD_HOST. */
  readonly host: string;
  /** DASHBOARD_PORT; 0 = any free one. */
  readonly port: number;
  /** Whether the next free port will do: nobody has asked for this one. */
  readonly mayMove: boolean;
  /** What controls need; `undefined` = there are none (DASHBOARD_CONTROLS=off). */
  readonly token: string | undefined;
  /** Whether the services run in containers, where nothing can be started from here. */
  readonly isInContainer: boolean;
}

/** Reads them. @throws a ConfigError, or an Error that says which variable is wrong */
export function readSettings(): Settings {
  loadDotEnv();
  const config = loadConfig();
  const { DASHBOARD_HOST: host, DASHBOARD_PORT: port, DASHBOARD_CONTROLS: controls } = process.env;
  return {
    redis: redisOptions(config, 'dashboard'),
    host: host || '127.0.0.1',
    port: port ? portOf(port) : DEFAULT_PORT,
    mayMove: !port || Number(port) === DEFAULT_PORT,
    token: controls === 'off' ? undefined : randomBytes(18).toString('base64url'),
    isInContainer: existsSync('/.dockerenv'),
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`DASHBOARD_PORT: expected a port, 0 to 65535, got "${text.slice(0, 40)}"`);
  return port;
}
