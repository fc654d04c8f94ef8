import type { Verdict } from '../measure/result.ts';

/** How a verdict is shown. */
interface Mark {
  /** For terminals and pages: as wide as a letter. */
  readonly sign: string;
  /** For Markdown. */
  readonly emoji: string;
  readonly means: string;
}

/** The four marks, in the order of the legend. */
export const MARKS: Readonly<Record<Verdict, Mark>> = {
  kept: { sign: '✓', emoji: '✅', means: 'promise kept' },
  broken: { sign: '✗', emoji: '❌', means: 'promise broken, or a loss without an explanation' },
  'loss outside the promise': { sign: '!', emoji: '⚠️', means: 'loss outside the promise' },
  'not applicable': { sign: '–', emoji: '–', means: 'not applicable: nothing promised and nothing lost, or a figure' },
};

/** What each mark means, in lines. @param look which form of the marks */
export const legend = (look: 'sign' | 'emoji'): string[] =>
  Object.values(MARKS).map((mark) => `${mark[look]} ${mark.means}`);
