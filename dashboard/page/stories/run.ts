import type { LaneFigures, LaneVerdict, Story, StoryDemo, StoryStep } from './story.ts';
import { isSettled, settle } from './story.ts';

/** How often a step looks whether it is so: ms. */
const LOOK_EVERY_MS = 100;
/** Each step takes as long at least, so that a person can read it, and see it happen: ms. */
const LEAST_MS = 4200;
/** No step takes longer: ms. */
const PATIENCE_MS = 40_000;

/** Before each story: nothing moves, and no work takes time. */
const PREPARE: StoryStep = {
  say: 'First, the publisher pauses, and all that is on its way arrives.',
  async do(demo) {
    await demo.control('publisher', 'pause');
    await demo.control('publisher', 'pace', 1);
    for (const [action, value] of [
      ['pace', 1],
      ['workTime', 0],
      ['failRate', 0],
    ] as const)
      await demo.control('subscriber', action, value);
  },
  until: isSettled,
  restMs: 700,
  holdMs: settle.holdMs as number,
};

/** What a story ended with, by pattern. */
export type Verdicts = Readonly<Record<string, LaneVerdict>>;

/**
 * Runs a story on the live demo.
 * @param say told each step, with its number and how many there are
 * @throws an Error that says which step did not come to its end, or could not be done
 */
export async function runStory(
  story: Story,
  demo: StoryDemo,
  signal: AbortSignal,
  say: (text: string, step: number, of: number) => void,
): Promise<Verdicts> {
  const steps = [PREPARE, ...story.steps];
  let before = new Map<string, LaneFigures>();
  for (const [index, step] of steps.entries()) {
    say(step.say, index + 1, steps.length);
    const seen = sleep(LEAST_MS, signal);
    await Promise.all([seen, run(step, demo, signal)]);
    if (step === PREPARE || step.isBeginning) before = figuresOf(demo);
  }
  const after = figuresOf(demo);
  return Object.fromEntries(
    demo.patterns.map((pattern) => {
      const { name } = pattern;
      return [name, story.verdictOf(pattern, before.get(name) as LaneFigures, after.get(name) as LaneFigures)];
    }),
  );
}

async function run(step: StoryStep, demo: StoryDemo, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await step.do?.(demo);
  await sleep(step.restMs ?? 0, signal);
  await untilSo(step, demo, signal);
}

const figuresOf = (demo: StoryDemo) => new Map(demo.patterns.map(({ name }) => [name, demo.figuresOf(name)]));

async function untilSo({ until, say, holdMs = 0 }: StoryStep, demo: StoryDemo, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let since = performance.now();
  let figures = '';
  while (until) {
    const latest = holdMs > 0 ? JSON.stringify([...figuresOf(demo)]) : '';
    if (!until(demo) || latest !== figures) since = performance.now();
    if (until(demo) && performance.now() - since >= holdMs) return;
    figures = latest;
    if (performance.now() > deadline) throw new Error(`This did not come to its end: ${say}`);
    await sleep(LOOK_EVERY_MS, signal);
  }
}

/** @throws the signal's reason as soon as it aborts */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
  });
}
