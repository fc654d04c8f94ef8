/** How long a trend looks back: ms. */
const BACK_MS = 4000;
/** A change of less than this says nothing: ms. */
const NOTHING_MS = 300;

const seen = new Map<string, { readonly at: number; readonly value: number }[]>();

/** Whether a lag grows, shrinks or stays. @param name of whom @param value ms */
export function trendOf(name: string, value: number, at: number): 'grows' | 'shrinks' | 'stays' {
  const values = (seen.get(name) ?? []).filter((each) => at - each.at < BACK_MS);
  values.push({ at, value });
  seen.set(name, values);
  const change = value - (values[0] as { value: number }).value;
  if (Math.abs(change) < NOTHING_MS) return 'stays';
  return change > 0 ? 'grows' : 'shrinks';
}
