import type { Guarantees, Pattern } from '@redis-messaging/shared/patterns/pattern';
import type { Environment } from '../../local/process/environment.ts';
import type { Claim, Measured } from '../measure/result.ts';
import type { Stage } from './stage.ts';

/** What experiments ask of those that they compare: our patterns, and their peers. */
export type Subject = Pick<Pattern, 'name' | 'guarantees' | 'topic' | 'backlog'> & Partial<Pick<Pattern, 'publish'>>;

/** What an experiment found, by the patterns' names. */
export type Findings = Readonly<Record<string, Measured>>;

/** One question, asked of every pattern in the same way: a row of the table. */
export interface Experiment {
  /** The word in --experiments. */
  readonly name: string;
  readonly question: string;
  /** What is done, in words. */
  readonly steps: readonly string[];
  /** Whether it cannot be done to somebody's Redis, because it changes its settings or ends it. */
  readonly needsOwnRedis?: boolean;
  /** Lines for the configuration of a Redis of its own. */
  readonly ownSettings?: readonly string[];
  /** Where its load differs from the given one. */
  readonly load?: Partial<Load>;
  /** Further variables for its services. */
  readonly env?: Environment;
  /** Whether it can be done with peers, too. */
  readonly withPeers?: boolean;
  /** About how long it takes with the default options and all patterns, on two cores: seconds. */
  readonly seconds: number;
  run(stage: Stage): Promise<Findings>;
  /** The figure that says most; without it, what was lost and what came twice. */
  headline?(measured: Measured): string;
  /** What is to be expected of a pattern, and whether it was so. */
  claims(guarantees: Guarantees, measured: Measured): readonly Claim[];
}

/** How much an experiment is to do. */
export interface Load {
  /** Messages of a run by each pattern. */
  readonly messages: number;
  /** Messages a second, where the pace is given. */
  readonly rate: number;
  /** Bytes of a message, at least. */
  readonly size: number;
  /** Whether to take the time that it needs. */
  readonly full: boolean;
}

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
