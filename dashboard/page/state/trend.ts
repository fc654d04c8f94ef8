/** How long a trend looks back: ms. */
const BACK_MS = 4000;
/** A change of less than this says nothing: ms. */
const NOTHING_MS = 300;

/** No more lags are remembered: each process that was here has some, and processes come and go. */
const MOST = 200;

const seen = new Map<string, { readonly at: number; readonly value: number }[]>();

/** Of how many lags something is remembered. */
export const remembered = (): number => seen.size;

/** Whether a lag grows, shrinks or stays. @param name of whom @param value ms */
export function trendOf(name: string, value: number, at: number): 'grows' | 'shrinks' | 'stays' {
  const values = (seen.get(name) ?? []).filter((each) => at - each.at < BACK_MS);
  values.push({ at, value });
  seen.delete(name);
  seen.set(name, values);
  if (seen.size > MOST) for (const [oldest] of [...seen].slice(0, seen.size - MOST)) seen.delete(oldest);
  const change = value - (values[0] as { value: number }).value;
  if (Math.abs(change) < NOTHING_MS) return 'stays';
  return change > 0 ? 'grows' : 'shrinks';
}
