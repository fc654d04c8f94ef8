import { signal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { feed, marks, redis } from '../state/store.ts';
import { timeOfDay } from '../state/text.ts';

/** The last events that are listed. */
const LISTED = 40;
/** Screen readers are told at most so often: ms. */
const TELL_EVERY_MS = 4000;

const told = signal('');

/** What happened to the demo, as text. What is new is told to screen readers in one sentence, not too often. */
export function Log() {
  const last = useRef({ at: 0, mark: 0 });
  useSignalEffect(() => {
    const all = marks.value;
    const words = { connecting: '', live: '', lost: 'The page has no connection to its server. ', hidden: '' }[
      feed.value.status
    ];
    const fresh = all.filter(({ at }) => at > last.current.mark).map(({ text }) => text);
    const now = performance.now();
    if ((fresh.length === 0 && words === '') || now - last.current.at < TELL_EVERY_MS) return;
    last.current = { at: now, mark: all.at(-1)?.at ?? 0 };
    told.value = `${words}${fresh.slice(-4).join('. ')}`;
  });
  const listed = marks.value.slice(-LISTED).reverse();
  return (
    <section class="panel log" aria-labelledby="log-title">
      <h2 id="log-title">What happened</h2>
      <p class="unseen" role="status" aria-live="polite">
        {told.value}
      </p>
      {listed.length === 0 ? (
        <p class="note">Nothing yet{redis.value.status === 'up' ? ': kill a subscriber, or stop Redis.' : '.'}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <ol tabIndex={0} aria-label="Events, newest first">
          {listed.map(({ at, kind, text }) => (
            <li key={`${at} ${text}`} class={kind}>
              <time>{timeOfDay(at)}</time> {text}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
