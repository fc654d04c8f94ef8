import { type Config, ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { redisAddress } from '@redis-messaging/shared/service/redis-options';
import type { RedisFacts } from '../redis/provide-redis.ts';
import type { Publication } from './by-hand.ts';

/** What `npm start` needs to know of the configuration. Its services tell it: they have loaded all that reads a configuration anyway. */
export interface Facts {
  /** What `.env` adds to the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line for each mistake, or what is to be known. */
  readonly config: readonly string[] | DemoFacts;
}

/** What the configuration says. */
export interface DemoFacts
  extends RedisFacts,
    Pick<Config, 'CONSUMER' | 'HEALTH_PORT' | 'WORK_TIME' | 'DASHBOARD_PORT'> {
  /** The chosen patterns that keep no message for a subscriber that is not there. */
  readonly lossy: readonly string[];
  /** How to publish to the chosen patterns. */
  readonly publications: readonly Publication[];
}

/** Reads the configuration. */
export function readFacts(): Facts {
  const before = new Set(Object.keys(process.env));
  loadDotEnv();
  const added = Object.entries(process.env).filter(([name]) => !before.has(name));
  return { env: Object.fromEntries(added), config: readConfig() };
}

function readConfig(): Facts['config'] {
  try {
    const config = loadConfig();
    const { CONSUMER, HEALTH_PORT, WORK_TIME, DASHBOARD_PORT } = config;
    const { REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD, REDIS_PASSWORD_FILE } = config;
    const lossy = config.PATTERN.filter(({ guarantees }) => !guarantees.keepsUnread).map(({ name }) => name);
    const redis = { REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD, REDIS_PASSWORD_FILE, address: redisAddress(config) };
    const publications = config.PATTERN.flatMap((pattern) => {
      const command = pattern.benchmark?.(config.topics.get(pattern) as string);
      return command ? [{ pattern: pattern.name, command }] : [];
    });
    return { CONSUMER, HEALTH_PORT, WORK_TIME, DASHBOARD_PORT, ...redis, lossy, publications };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}
