/** Colours of the canvas, from the style sheet, so that light and dark stand in one place. */
export interface Colours {
  readonly card: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly lost: string;
  readonly bad: string;
  readonly again: string;
  readonly good: string;
  readonly marked: string;
  /** Each lane's, in their order. */
  readonly lanes: readonly string[];
}

const LANES = 6;

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    card: of('card'),
    ink: of('ink'),
    soft: of('soft'),
    line: of('line'),
    lost: of('lost'),
    bad: of('bad'),
    again: of('again'),
    good: of('good'),
    marked: of('marked'),
    lanes: Array.from({ length: LANES }, (_, index) => of(`lane-${index}`)),
  };
}
