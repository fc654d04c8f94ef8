import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Servers } from '@redis-messaging/shared/redis/servers/servers';
import { loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { redisServers } from '@redis-messaging/shared/service/redis-options';

const DEFAULT_PORT = 8080;

/** How the server runs, from the environment. */
export interface Settings {
  readonly redis: Servers;
  /** The address on which it listens, or its name: DASHBOARD_HOST. */
  readonly host: string;
  /** DASHBOARD_PORT; 0 = any free one. */
  readonly port: number;
  /** Whether the next free port will do: nobody has asked for this one. */
  readonly mayMove: boolean;
  /** What controls need; `undefined` = there are none (DASHBOARD_CONTROLS=off). */
  readonly token: string | undefined;
  /** Whether the services run in containers of their own, and no `npm start` is there that could start anything. */
  readonly isInContainer: boolean;
}

/** Reads them. @throws a ConfigError that says which variable is wrong */
export function readSettings(): Settings {
  loadDotEnv();
  const config = loadConfig();
  const port = config.DASHBOARD_PORT ?? DEFAULT_PORT;
  return {
    redis: redisServers(config, 'dashboard'),
    host: process.env.DASHBOARD_HOST || '127.0.0.1',
    port,
    mayMove: port === DEFAULT_PORT,
    token: config.DASHBOARD_CONTROLS === 'off' ? undefined : randomBytes(18).toString('base64url'),
    isInContainer: !process.connected && existsSync('/.dockerenv'), // npm start may itself run in one
  };
}
