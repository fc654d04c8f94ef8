/*
 * What the dashboard and `npm start`, which has started it, say to each other by IPC. In containers there is no such parent:
 * `process.connected` is undefined, and none of this can be done.
 */

/** What `npm start` can do with what it has started. */
export const REQUESTS = [
  'kill',
  'freeze',
  'thaw',
  'stop-redis',
  'start-redis',
  'kill-redis',
  'add-subscriber',
  'remove-subscriber',
] as const;

export type RequestName = (typeof REQUESTS)[number];

export const LISTENING = 'listening';

/** From the dashboard. */
export type FromDashboard =
  /** It serves the page there; with the token for controls, if there are any. */
  | { readonly event: typeof LISTENING; readonly url: string }
  /** To be answered by an `Answer` of the same number. */
  | Request;

export interface Request {
  readonly request: number;
  readonly do: RequestName;
  /** `kill`, `freeze`, `thaw`: the instance that a snapshot names. `kill-redis`: the port of the server of a Cluster. `remove-subscriber`: one that was added; the last if not given. */
  readonly instance?: string;
  /** `add-subscriber`: its group, 1 to 40 letters, digits, `_` or `-`; that of the first if not given. */
  readonly group?: string;
}

/** To the dashboard. */
export interface Answer {
  readonly answer: number;
  readonly ok: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** The most subscribers at a time, the first included. */
export const MOST_SUBSCRIBERS = 4;
