import type { Findings, Measured } from '../measure/result.ts';
import type { Subject } from '../peers/subject.ts';
import type { Testbed } from '../testbed/testbed.ts';

/** Measures the patterns one after the other. Which one comes first changes from run to run: see `turn` of the testbed. */
export async function forEach(
  { patterns, turn }: Pick<Testbed, 'patterns' | 'turn'>,
  measure: (pattern: Subject) => Promise<Measured>,
): Promise<Findings> {
  const findings: Record<string, Measured> = {};
  for (const pattern of rotated(patterns, turn)) findings[pattern.name] = await measure(pattern);
  return findings;
}

/** A list that begins elsewhere: the same order, `turn` places on. */
export function rotated<Item>(items: readonly Item[], turn: number): Item[] {
  const start = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Findings with the further numbers of an experiment. @param figuresOf those of a pattern, by its name */
export function withFigures(findings: Findings, figuresOf: (name: string) => Measured['figures']): Findings {
  return Object.fromEntries(
    Object.entries(findings).map(([name, measured]) => [name, { ...measured, figures: figuresOf(name) }]),
  );
}
