import { sanitize } from './sanitize.ts';

/** What is wrong with a field of data that others wrote, fit to be shown. @param expected completes "expected …" */
export function wrongField(field: string, expected: string, got: unknown): string {
  if (got === undefined) return `field "${field}" is missing`;
  const kind = got === null ? 'null' : Array.isArray(got) ? 'an array' : typeof got;
  const shown = typeof got === 'object' ? kind : sanitize(JSON.stringify(got), 40);
  return `field "${field}" is ${shown}; expected ${expected}`;
}
