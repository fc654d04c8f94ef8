import { ConfigError, loadConfig } from '@redis-messaging/shared/service/config';

/** What is wrong with an environment: a line for each mistake. */
export function mistakes(environment: Record<string, string>): string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
  }
  return [];
}
