/** So many whole numbers, in order. @param from the first */
export const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => from + index);
