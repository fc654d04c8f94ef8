import type { Measured } from '../../compare/measure/result.ts';

/** What an experiment measured of 10 messages that all arrived, but for what is said. */
export const measuredWith = (more: Partial<Measured> = {}): Measured => ({
  made: 10,
  accepted: 10,
  refused: 0,
  unconfirmed: 0,
  buffered: 0,
  audiences: 1,
  received: 10,
  waiting: 0,
  inFlight: 0,
  dead: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  foreignDead: 0,
  causes: [],
  throughput: null,
  latencyMs: null,
  latencyAt: null,
  timeline: null,
  figures: {},
  ...more,
});

/** As `measuredWith`, but one message was lost. */
export const lostOne = (cause: string, more: Partial<Measured> = {}): Measured =>
  measuredWith({ received: 9, lost: 1, causes: [{ cause, messages: 1 }], ...more });
