/** Environment variables, as one likes to write them down. */
export type Environment = Readonly<Record<string, string | number>>;

/** The same, as processes take them. */
export function stringsOf(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}
