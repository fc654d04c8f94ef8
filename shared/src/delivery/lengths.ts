/** The lengths that a list or stream had with each of the last `count` elements, the last one making it `length`. */
export const lengthsUpTo = (length: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => length - count + 1 + index);
