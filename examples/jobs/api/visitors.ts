import type { RequestLimit } from './request-limit.ts';
import type { Sessions } from './session.ts';

/** By what an API process tells visitors apart, and how much each may ask. */
export interface Visitors {
  readonly sessions: Sessions;
  readonly requests: RequestLimit;
}
