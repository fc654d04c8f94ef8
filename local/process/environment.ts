/** Environment variables as programs write them; `undefined` ones are not set. */
export type Environment = Readonly<Record<string, string | number | undefined>>;

/** Environment variables as processes take them. */
export function stringsOf(env: Environment): Record<string, string> {
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
}

/** Of this process's environment only what a program needs to run, so that nothing else configures it. */
export function passedOn(): Environment {
  const { PATH, NODE_OPTIONS } = process.env;
  return { PATH, NODE_OPTIONS: NODE_OPTIONS || undefined };
}
