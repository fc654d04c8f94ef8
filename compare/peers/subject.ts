import type { Pattern } from '@redis-messaging/shared/patterns/pattern';

/** What is compared: our patterns, and their peers. What experiments ask of either. */
export type Subject = Pick<Pattern, 'name' | 'guarantees' | 'topic' | 'backlog'> & Partial<Pick<Pattern, 'publish'>>;
