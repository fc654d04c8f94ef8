import { signal } from '@preact/signals';
import type {
  Abilities,
  Mark,
  MessageHistory,
  PatternFacts,
  Point,
  RedisState,
  ServiceState,
} from '../../wire/wire.ts';

/** How the page stands with its server: `hidden` = this tab is in the background, and has ended its stream. */
export type FeedStatus = 'connecting' | 'live' | 'lost' | 'hidden';

/** Ten minutes of seconds. */
const MOST_POINTS = 600;

/** What the page knows. Each signal is set as a whole; times are ms since 1970 by the server's clock. */
export const feed = signal<{ readonly status: FeedStatus; readonly since: number }>({ status: 'connecting', since: 0 });
export const abilities = signal<Abilities>({ controls: false, requests: [], containers: false });
export const patterns = signal<readonly PatternFacts[]>([]);
export const redis = signal<RedisState>({ status: 'unknown', since: 0, address: '', version: '', nodes: [] });
export const services = signal<readonly ServiceState[]>([]);
export const points = signal<readonly Point[]>([]);
export const marks = signal<readonly Mark[]>([]);
/** The server's time, as of its last word, and a second hand behind it. */
export const now = signal(0);
/** The message that is marked in all lanes. */
export const selected = signal<{ readonly key: string; readonly count: number } | undefined>(undefined);
export const history = signal<MessageHistory | 'none' | undefined>(undefined);
/** The last messages, newest first, for those who do not click on what moves. */
export const lastMessages = signal<readonly { readonly key: string; readonly count: number; readonly text: string }[]>(
  [],
);

export function addPoints(more: readonly Point[]): void {
  points.value = [...points.value, ...more].slice(-MOST_POINTS);
}
