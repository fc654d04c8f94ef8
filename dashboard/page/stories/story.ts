import type { Action, ServiceName } from '@redis-messaging/shared/live/protocol';
import type { RequestName } from '@redis-messaging/shared/live/supervisor';
import type { PatternFacts } from '../../wire/wire.ts';

/** How a lane stands: of the publisher, and of the account of the first subscriber's audience. */
export interface LaneFigures {
  readonly made: number;
  readonly refused: number;
  readonly buffered: number;
  readonly accepted: number;
  readonly handled: number;
  /** Lost, or not seen anywhere; while a publisher is at work, the account calls that `moving`. */
  readonly lost: number;
  /** Waiting or in flight. */
  readonly unsettled: number;
  readonly unconfirmed: number;
  readonly duplicated: number;
  readonly unexplained: number;
  /** Handled by each subscriber itself, by name; also by those that are gone, for they may come back with their accounts. */
  readonly byName: Readonly<Record<string, number>>;
}

/** A subscriber, as a story sees it. */
export interface StorySubscriber {
  readonly name: string;
  readonly instance: string;
  readonly group: string;
  readonly isUp: boolean;
}

/** What a story can see of the demo, and do to it. */
export interface StoryDemo {
  readonly patterns: readonly PatternFacts[];
  readonly isRedisUp: boolean;
  /** Those that are not gone, by name. */
  readonly subscribers: readonly StorySubscriber[];
  figuresOf(pattern: string): LaneFigures;
  /** Rejects if it is not done. */
  control(service: ServiceName, action: Action, value?: number | string): Promise<void>;
  /** Rejects if it is not done. */
  request(name: RequestName, instance?: string, group?: string): Promise<void>;
}

/** One step: says what happens, does something, and waits until something is so. */
export interface StoryStep {
  readonly say: string;
  do?(demo: StoryDemo): Promise<void>;
  /** Waits until it is so. */
  until?(demo: StoryDemo): boolean;
  /** Waits so long before it looks whether it is so: ms. */
  readonly restMs?: number;
  /** The verdict counts from the end of this step on; else from the beginning. */
  readonly isBeginning?: boolean;
  /** It has to be so for this long, and no figure may change meanwhile: ms. */
  readonly holdMs?: number;
}

/** What a story ends with, for one lane. */
export interface LaneVerdict {
  /** The numbers, in a sentence. */
  readonly text: string;
  /** Whether it went as the pattern promises: the story's assertion. */
  readonly isAsPromised: boolean;
}

/** A short script: a question, steps that run live, and a verdict with the numbers. */
export interface Story {
  /** Its name in links. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly answers: readonly { readonly text: string; readonly isRight: boolean }[];
  /** What `npm start` must be there to do. */
  readonly needs: readonly RequestName[];
  readonly steps: readonly StoryStep[];
  /** @param before as it was when the steps began @param after as it was when they had ended */
  verdictOf(pattern: PatternFacts, before: LaneFigures, after: LaneFigures): LaneVerdict;
  /** What is to be learned, in a sentence or two. */
  readonly moral: string;
}

/** Whether nothing waits or is in flight, in any lane. */
export const isSettled = (demo: StoryDemo): boolean =>
  demo.patterns.every(({ name }) => {
    const { unsettled, buffered } = demo.figuresOf(name);
    return unsettled === 0 && buffered === 0;
  });

/** Publishers tell subscribers what they made every two seconds: what holds for longer has been heard of. */
export const settle: StoryStep = {
  say: 'Until every message is in its place …',
  until: isSettled,
  restMs: 500,
  holdMs: 3500,
};

/** The first subscriber: the one that is always there. */
export const firstOf = ({ subscribers }: StoryDemo): StorySubscriber | undefined => subscribers[0];

/** What has come on top, field by field. */
export function growth(before: LaneFigures, after: LaneFigures) {
  const of = (field: Exclude<keyof LaneFigures, 'byName'>) => after[field] - before[field];
  return {
    made: of('made'),
    refused: of('refused'),
    handled: of('handled'),
    lost: of('lost'),
    duplicated: of('duplicated'),
    unconfirmed: of('unconfirmed'),
    unexplained: of('unexplained'),
  };
}
