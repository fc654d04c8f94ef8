import { batch } from '@preact/signals';
import type { Happened, PageBatch, PageSnapshot, ServiceState } from '../../wire/wire.ts';
import { abilities, addPoints, lastMessages, marks, now, patterns, points, redis, services } from './store.ts';

/** The last messages that are listed. */
const MOST_LISTED = 12;
const MOST_MARKS = 200;

/** Told what happens to messages, beside what stands in the store. */
export interface FeedEvents {
  /** All is new: what moves begins again. */
  began(recent: readonly Happened[], at: number): void;
  happened(happened: readonly Happened[]): void;
}

/** The server's clock, as far as its last word tells. */
export const clock = {
  ahead: 0,
  now: () => Date.now() + clock.ahead,
};

/** Begins with all that the server knows. */
export function begin(snapshot: PageSnapshot, events: FeedEvents): void {
  clock.ahead = snapshot.at - Date.now();
  batch(() => {
    now.value = snapshot.at;
    abilities.value = snapshot.can;
    patterns.value = snapshot.patterns;
    redis.value = snapshot.redis;
    services.value = snapshot.services;
    points.value = snapshot.points;
    marks.value = snapshot.marks;
    lastMessages.value = [];
    list(snapshot.recent);
  });
  events.began(snapshot.recent, snapshot.at);
}

/** Takes what has changed since. */
export function take(news: PageBatch, events: FeedEvents): void {
  clock.ahead = news.at - Date.now();
  batch(() => {
    now.value = news.at;
    if (news.redis) redis.value = news.redis;
    if (news.services) services.value = news.areAll ? news.services : merged(services.value, news.services);
    if (news.points) addPoints(news.points);
    if (news.marks) marks.value = [...marks.value, ...news.marks].slice(-MOST_MARKS);
    if (news.happened) list(news.happened);
  });
  if (news.happened) events.happened(news.happened);
}

function merged(known: readonly ServiceState[], changed: readonly ServiceState[]): readonly ServiceState[] {
  const all = new Map(known.map((state) => [state.snapshot.instance, state]));
  for (const state of changed) all.set(state.snapshot.instance, state);
  return [...all.values()];
}

function list(happened: readonly Happened[]): void {
  const made = happened.filter(({ what }) => what === 'made').slice(-MOST_LISTED);
  if (made.length === 0) return;
  const listed = made.map(({ key, count, text = '' }) => ({ key, count, text })).reverse();
  lastMessages.value = [...listed, ...lastMessages.value].slice(0, MOST_LISTED);
}
