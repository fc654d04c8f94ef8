import type { PageBatch } from '../../wire/wire.ts';
import { select } from './actions.ts';
import { begin, clock, type FeedEvents, take } from './news.ts';
import { type FeedStatus, feed, now, selected } from './store.ts';

/** Follows the server's stream, and ends it while the tab is hidden: a browser allows few per site. */
export function followServer(events: FeedEvents): void {
  let source: EventSource | undefined;

  function open(): void {
    if (source) return;
    is('connecting');
    source = new EventSource('/events');
    source.addEventListener('snapshot', ({ data }) => {
      begin(JSON.parse(data), events);
      is('live');
    });
    source.addEventListener('batch', ({ data }) => {
      const news: PageBatch = JSON.parse(data);
      take(news, events);
      goOnWithHistory(news);
    });
    source.addEventListener('error', () => {
      is('lost');
      if (source?.readyState !== EventSource.CLOSED) return; // else it tries again by itself
      source = undefined;
      setTimeout(() => document.visibilityState === 'visible' && open(), 2000);
    });
  }

  function close(): void {
    source?.close();
    source = undefined;
    is('hidden');
  }

  document.addEventListener('visibilitychange', () => (document.visibilityState === 'visible' ? open() : close()));
  if (document.visibilityState === 'visible') open();
  setInterval(() => {
    if (feed.value.status === 'live') now.value = Math.max(now.value, clock.now());
  }, 500);
}

/** Gets the history of the chosen message again, if something has happened to it. */
function goOnWithHistory({ happened = [] }: PageBatch): void {
  const chosen = selected.value;
  if (chosen && happened.some(({ key }) => key === chosen.key)) void select(chosen.key, chosen.count);
}

function is(status: FeedStatus): void {
  if (feed.value.status !== status) feed.value = { status, since: clock.now() };
}
