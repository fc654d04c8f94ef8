import type { System } from '../system.ts';

/** A whole number from 0 to below `below`, by the seed. */
export type Random = (below: number) => number;

/** A fault that has been done to the system. */
export interface Injected {
  /** For people: what was done, and to whom. */
  readonly what: string;
  /** Subscribers that certainly cannot consume anything meanwhile. */
  readonly starves?: readonly string[];
  /** A service whose process stands still meanwhile. */
  readonly frozen?: string;
  /** Ends it. Resolves when it is over. */
  undo(): Promise<void>;
}

/** Something that goes wrong with a system for a while. */
export interface Fault {
  /** The word in `--only`. */
  readonly name: string;
  /** For people. */
  readonly about: string;
  /** The shortest and the longest time that it lasts: ms. */
  readonly lasts: readonly [number, number];
  /** Whether it deletes data, so that nothing is promised of what was there. */
  readonly deletes?: true;
  /** Whether what was not replicated yet is lost with a server, and what was done there is undone. */
  readonly loses?: true;
  /** Whether it happens only if `--only` names it. */
  readonly isExtra?: true;
  /**
   * Does it. Changes nothing if it throws.
   * @param random chooses the victim, and whatever else is to be chosen
   * @param ms how long it is to last
   */
  inject(system: System, random: Random, ms: number): Promise<Injected>;
}

/** One of several. @throws if there is none */
export function oneOf<Item>(items: readonly Item[], random: Random): Item {
  if (items.length === 0) throw new Error('there is no victim');
  return items[random(items.length)] as Item;
}

/** For what ends by itself. */
export const nothing = async (): Promise<void> => {};
