/** The JSON object in a text. Anybody who reaches Redis can publish anything: `undefined` if it is something else. */
export function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
