import type { Action, PublisherSettings, SubscriberSettings } from './protocol.ts';

/** What controls can change. */
export interface Controlled {
  readonly settings: PublisherSettings | SubscriberSettings;
  /** Does what a control says, whose value is within its range. @throws an Error that says why not */
  act(action: Action, value: number | string | undefined): void;
}
