import { variables } from '@redis-messaging/shared/service/config';

const HEADER =
  '# Copy to .env and uncomment what you want to change. docs/configuration.md says what each variable does.';

/** The content of .env.example: every variable with its default. */
export function envExample(): string {
  const lines = Object.entries(variables).map(([name, { default: fallback }]) => `#${name}=${fallback}`);
  return `${[HEADER, ...lines].join('\n')}\n`;
}
