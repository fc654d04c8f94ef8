const LABEL_WIDTH = 11;
const COLOURS: Readonly<Record<string, number>> = { publisher: 36, subscriber: 33 };

/** Whether standard output shows colours. */
export const hasColours = (): boolean => process.stdout.isTTY && !process.env.NO_COLOR;

/** Prints a line behind a name, as docker-compose does. */
export function printLine(name: string, line: string): void {
  const label = `${name.padEnd(LABEL_WIDTH)} |`;
  const colour = hasColours() ? COLOURS[name] : undefined;
  process.stdout.write(`${colour ? `\u001b[${colour}m${label}\u001b[0m` : label} ${line}\n`);
}
