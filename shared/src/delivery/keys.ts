/**
 * The name of a key that belongs to a topic. It has the topic's hash tag, so that all keys of a topic share its slot: one Redis and
 * a cluster use the same names.
 */
export const keyOf = (topic: string, ...parts: readonly string[]): string =>
  [topic.includes('{') ? topic : `{${topic}}`, ...parts].join(':');

/** The key of what could not be delivered. */
export const deadLettersOf = (topic: string): string => keyOf(topic, 'dead');

/**
 * Whether a topic's name can share its slot with its other keys: it is not empty, and has no braces but those of one hash tag.
 */
export const isTopicName = (name: string): boolean => /^([^{}]+|[^{}]*\{[^{}]+\}[^{}]*)$/.test(name);

/** Completes "expected …" for a topic's name. */
export const TOPIC_NAME = 'text; braces only as one hash tag, as in orders{eu}';
