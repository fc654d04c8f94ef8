import type { Findings, Measured } from '../measure/result.ts';
import type { Subject } from '../peers/subject.ts';

/** Measures the patterns one after the other. */
export async function forEach(
  patterns: readonly Subject[],
  measure: (pattern: Subject) => Promise<Measured>,
): Promise<Findings> {
  const findings: Record<string, Measured> = {};
  for (const pattern of patterns) findings[pattern.name] = await measure(pattern);
  return findings;
}

/** Findings with the further numbers of an experiment. @param figuresOf those of a pattern, by its name */
export function withFigures(findings: Findings, figuresOf: (name: string) => Measured['figures']): Findings {
  return Object.fromEntries(
    Object.entries(findings).map(([name, measured]) => [name, { ...measured, figures: figuresOf(name) }]),
  );
}
