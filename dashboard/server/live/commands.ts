import type { Pattern } from '@redis-messaging/shared';
import { formatMicros } from '@redis-messaging/shared/accounting/timestamp';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import { encode } from '@redis-messaging/shared/message/message';
import type { Told } from './history.ts';

/** What is to be known of a step besides itself. */
export interface StepContext {
  readonly pattern: Pattern;
  readonly topic: string;
  /** The group of the subscriber that tells it. */
  readonly group: string;
  /** The message on the wire. */
  readonly payload: string;
}

type Say = (step: Told, context: StepContext) => string;

/** By the command that a pattern names: what was said to Redis when a message came. Several at a time come by a script. */
const RECEIVING: Readonly<Record<string, Say>> = {
  SUBSCRIBE: (_, { topic }) => `SUBSCRIBE ${word(topic)}`,
  SSUBSCRIBE: (_, { topic }) => `SSUBSCRIBE ${word(topic)}`,
  BLPOP: ({ batch = 1 }, { topic }) => (batch > 1 ? `LPOP ${word(topic)} ${batch}` : `BLPOP ${word(topic)} 1`),
  BLMOVE: (step, { topic }) =>
    isMany(step)
      ? `LMOVE ${word(topic)} ${word(keyOf(topic, 'processing', step.by))} LEFT RIGHT`
      : `BLMOVE ${word(topic)} ${word(keyOf(topic, 'processing', step.by))} LEFT RIGHT 1`,
  XREADGROUP: ({ by, batch = 1 }, { topic, group }) =>
    `XREADGROUP GROUP ${word(group)} ${word(by)} COUNT ${batch} STREAMS ${word(topic)} >`,
};

/** The same for its acknowledgement. */
const ACKNOWLEDGING: Readonly<Record<string, Say>> = {
  LREM: (step, { topic, payload }) => `LREM ${word(keyOf(topic, 'processing', step.by))} 1 ${word(payload)}`,
  XACK: ({ entry = '<id>' }, { topic, group }) => `XACK ${word(topic)} ${word(group)} ${entry}`,
};

/**
 * The Redis command of a step, with its arguments, as redis-cli takes it; '' if nothing was said to Redis. Behind it stands what
 * else is to be known: whether a script says it, and to how many messages at a time.
 */
export function commandOf(step: Told, context: StepContext): string {
  const command = said(step, context);
  const more = (step.batch ?? 1) - 1;
  const notes = [
    ...(step.what === 'acknowledged' ? ['in a script, if it is still ours'] : []),
    ...(more > 0 ? [`together with ${more} more`] : []),
  ];
  return command === '' || notes.length === 0 ? command : `${command}   # ${notes.join(', ')}`;
}

function said(step: Told, context: StepContext): string {
  const { pattern, topic, payload } = context;
  if (step.what === 'accepted' || step.what === 'retried')
    return pattern.benchmark ? [...pattern.benchmark(topic).map(word), word(payload)].join(' ') : '';
  const says = step.what === 'received' ? RECEIVING : step.what === 'acknowledged' ? ACKNOWLEDGING : {};
  const name = pattern.commands.find((each) => Object.hasOwn(says, each));
  return name === undefined ? '' : (says[name] as Say)(step, context);
}

/** The message as it went over the wire, as far as it was told. */
export function payloadOf(steps: readonly Told[]): string {
  const {
    id = '',
    count = 0,
    sender = '',
    session,
    at = 0,
    text = '',
  } = steps.find(({ what }) => what === 'made') ?? steps[0] ?? {};
  return encode({ id, timestamp: formatMicros(at), message: text, sender, count, ...(session && { session }) });
}

const isMany = ({ batch = 1 }: Told): boolean => batch > 1;

/** A word as a shell reads it. */
const word = (text: string): string => (/^[\w./:@*>-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
