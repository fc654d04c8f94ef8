import type { Results } from '../measure/result.ts';
import { readOptions } from './options.ts';

/** Options that do not change the measurement. */
const NOT_MEASURED = ['seed', 'redis', 'out', 'baseline', 'force'];

/** The command that repeats a run: the seed, and every option that differs from its default. */
export function repeatCommand({ seed, options, again }: Results): string {
  if (again) return again;
  const defaults = readOptions(options.full === true ? ['--full'] : []);
  const usual: Record<string, unknown> = {
    ...defaults,
    full: false,
    patterns: defaults?.patterns.map(({ name }) => name),
    experiments: defaults?.experiments.map(({ name }) => name),
  };
  const words = Object.entries(options).flatMap(([name, value]) => {
    if (NOT_MEASURED.includes(name) || String(value) === String(usual[name])) return [];
    const isSwitch = value === true || name === 'peers'; // its value is the versions of the peers
    return isSwitch ? [`--${name}`] : [`--${name} ${value}`];
  });
  const redis = options.redis === 'given' ? ['--redis URL'] : [];
  return ['npm run compare --', `--seed ${seed}`, ...words, ...redis].join(' ');
}
