import { isObject } from '../text/is-object.ts';
import { excessOf } from '../text/nesting.ts';

/** Data that others wrote, as it was parsed. */
export type Data = Readonly<Record<string, unknown>>;

/** Deeper or with more arrays and objects than this nothing of ours is. */
const MOST_STRUCTURES = 5000;

/** An object from JSON of anybody's. @returns `undefined` if it is not one, or longer than `mostBytes` */
export function parseObject(json: Buffer, mostBytes: number): Data | undefined {
  if (json.length > mostBytes || excessOf(json, MOST_STRUCTURES)) return undefined;
  try {
    const value: unknown = JSON.parse(json.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isText = (value: unknown, most: number, least = 0): value is string =>
  typeof value === 'string' && value.length >= least && value.length <= most;

/** A name for an instance or a control: letters, digits, `_` and `-`. */
export const isName = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,64}$/.test(value);

export const isNumber = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const isOneOf = <Word extends string>(value: unknown, words: readonly Word[]): value is Word =>
  words.includes(value as Word);
