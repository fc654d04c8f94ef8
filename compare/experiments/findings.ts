import type { Findings, Measured } from '../measure/result.ts';
import type { Subject } from '../peers/subject.ts';

/** Collects what a function finds of each pattern, one after the other. */
export async function forEach(
  patterns: readonly Subject[],
  measure: (pattern: Subject) => Promise<Measured>,
): Promise<Findings> {
  const findings: Record<string, Measured> = {};
  for (const pattern of patterns) findings[pattern.name] = await measure(pattern);
  return findings;
}

/** Findings with an experiment's own figures. @param figuresOf the figures of a pattern, by its name */
export function withFigures(findings: Findings, figuresOf: (name: string) => Measured['figures']): Findings {
  return Object.fromEntries(
    Object.entries(findings).map(([name, measured]) => [name, { ...measured, figures: figuresOf(name) }]),
  );
}
