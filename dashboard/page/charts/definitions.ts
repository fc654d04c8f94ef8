import type { PatternFacts, Point } from '../../wire/wire.ts';
import { number, perSecond, span } from '../state/text.ts';

/** A line of a chart. */
export interface LineOf {
  readonly label: string;
  /** The place of its colour among the lanes'; `undefined` = by its place among the subscribers. */
  readonly tone: number;
  readonly isDashed: boolean;
  value(point: Point): number | null;
}

/** A chart of the last ten minutes. */
export interface ChartOf {
  readonly title: string;
  /** What solid and dashed lines are. */
  readonly about: string;
  /** Whether there are no parts of what it counts. */
  readonly isWhole?: boolean;
  say(value: number): string;
  lines(patterns: readonly PatternFacts[], points: readonly Point[]): LineOf[];
}

type Field = 'in' | 'out' | 'p50' | 'p99' | 'waiting' | 'lost' | 'duplicated';

const perLane = (patterns: readonly PatternFacts[], field: Field, isDashed: boolean): LineOf[] =>
  patterns.map(({ name }, tone) => ({
    label: `${name} ${field}`,
    tone,
    isDashed,
    value: ({ lanes }) => lanes[name]?.[field] ?? null,
  }));

const two = (solid: Field, dashed: Field) => (patterns: readonly PatternFacts[]) => [
  ...perLane(patterns, dashed, true),
  ...perLane(patterns, solid, false),
];

/** What the page draws, in its order. */
export const CHARTS: readonly ChartOf[] = [
  { title: 'Rate', about: 'handled per second; dashed: accepted by Redis', say: perSecond, lines: two('out', 'in') },
  { title: 'Time until handled', about: 'p50; dashed: p99', say: span, lines: two('p50', 'p99') },
  {
    title: 'Waiting',
    about: 'messages in Redis',
    isWhole: true,
    say: number,
    lines: (patterns) => perLane(patterns, 'waiting', false),
  },
  {
    title: 'Lag',
    about: 'of each subscriber: the age of the oldest message that waits for it',
    say: span,
    lines: lags,
  },
  {
    title: 'Lost and duplicated',
    about: 'lost in all; dashed: handled twice',
    isWhole: true,
    say: number,
    lines: two('lost', 'duplicated'),
  },
];

function lags(_: readonly PatternFacts[], points: readonly Point[]): LineOf[] {
  const names = [...new Set(points.flatMap(({ lagMs }) => Object.keys(lagMs)))].slice(-6);
  return names.map((name, tone) => ({
    label: name,
    tone,
    isDashed: tone % 2 === 1,
    value: ({ lagMs }) => lagMs[name] ?? null,
  }));
}
