import { signal } from '@preact/signals';
import { control, request } from '../state/actions.ts';
import { shownPublishers, shownSubscribers } from '../state/shown.ts';
import { services } from '../state/store.ts';
import { liveDemo } from './live-demo.ts';
import { runStory, type Verdicts } from './run.ts';
import type { Story } from './story.ts';

/** The story that is told, and how far it is. */
export interface Telling {
  readonly story: Story;
  readonly phase: 'predict' | 'running' | 'verdict' | 'failed';
  /** The reader's prediction: its place among the answers. */
  readonly answer?: number;
  readonly step?: { readonly text: string; readonly number: number; readonly of: number };
  readonly verdicts?: Verdicts;
  /** Why it has failed. */
  readonly reason?: string;
}

export const telling = signal<Telling | undefined>(undefined);
let end = new AbortController();

/** Opens a story with its question. */
export function openStory(story: Story): void {
  end.abort();
  telling.value = { story, phase: 'predict' };
}

export function closeStory(): void {
  end.abort();
  telling.value = undefined;
}

/** Takes the prediction, and lets the story run. */
export async function predict(answer: number): Promise<void> {
  if (telling.value?.phase !== 'predict') return;
  const { story } = telling.value;
  end = new AbortController();
  const { signal } = end;
  const setBack = restorer();
  telling.value = { story, phase: 'running', answer };
  try {
    const verdicts = await runStory(story, liveDemo, signal, (text, number, of) => {
      if (!signal.aborted) telling.value = { story, phase: 'running', answer, step: { text, number, of } };
    });
    if (!signal.aborted) telling.value = { story, phase: 'verdict', answer, verdicts };
  } catch (error) {
    if (!signal.aborted) telling.value = { story, phase: 'failed', answer, reason: (error as Error).message };
  } finally {
    await setBack();
  }
}

/** Remembers the settings. @returns sets them again, and removes the subscribers that have come meanwhile */
function restorer(): () => Promise<void> {
  const publisher = shownPublishers(services.value)[0]?.snapshot;
  const subscribers = shownSubscribers(services.value).filter(({ status }) => status !== 'gone');
  const before = new Set(subscribers.map(({ snapshot }) => snapshot.name));
  const subscriber = subscribers[0]?.snapshot;
  return async () => {
    for (const { snapshot, status } of shownSubscribers(services.value))
      if (!before.has(snapshot.name) && status !== 'gone') await request('remove-subscriber', snapshot.instance);
    if (subscriber?.service === 'subscriber') {
      const { workTime, failRate, pace } = subscriber.settings;
      if (workTime !== null) await control('subscriber', 'workTime', workTime);
      if (failRate !== null) await control('subscriber', 'failRate', failRate);
      await control('subscriber', 'pace', pace);
    }
    if (publisher?.service !== 'publisher') return;
    const { interval, pace, isPaused } = publisher.settings;
    await control('publisher', 'interval', Math.max(0.0002, interval));
    await control('publisher', 'pace', pace);
    if (!isPaused) await control('publisher', 'resume');
  };
}
