/** The JSON object in a text; `undefined` if it is anything else, because anybody who reaches Redis can publish anything. */
export function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
