import { sanitize } from '../text/sanitize.ts';
import { formatNumber } from '../text/table.ts';
import type { ConsumerObserver, ProducerObserver } from './events.ts';
import type { Logger } from './logger.ts';

/** Logs what a builder must know of a producer: that messages are refused or held back, and that it is over. */
export function producerLog(log: Logger, topic: string, pattern: string): ProducerObserver<never> {
  const fields = { topic, pattern };
  const to = `${pattern} '${sanitize(topic)}'`;
  return {
    trouble(reason) {
      if (reason === undefined) log.info({ ...fields, event: 'accepted' }, `Sending to ${to} again`);
      else log.warn({ ...fields, event: 'refused', reason }, `Cannot send to ${to}: ${sanitize(reason)}`);
    },
  };
}

/** Logs what a builder must know of a consumer: what failed, was dead-lettered, lost or refused. */
export function consumerLog(log: Logger, topic: string, pattern: string): ConsumerObserver<never> {
  const fields = { topic, pattern };
  const from = `${pattern} '${sanitize(topic)}'`;
  const of = `of ${from}`;
  return {
    trouble(reason) {
      if (reason === undefined) log.info({ ...fields, event: 'accepted' }, `Reading ${from} again`);
      else log.error({ ...fields, event: 'refused', reason }, `Cannot read ${from}: ${sanitize(reason)}`);
    },
    failed({ id, delivery: { attempt } }, reason, fate) {
      const text = `Handler failed for message ${sanitize(id ?? '?', 60)} ${of}, attempt ${attempt} (${sanitize(reason)})`;
      log.warn({ ...fields, event: 'failed', id, attempt, reason, fate }, `${text}: ${ENDS[fate]}`);
    },
    invalid({ payload }, reason, bytes = payload.length) {
      const text = `Invalid message ${of}, ${formatNumber(bytes)} bytes (${sanitize(reason)})`;
      log.warn({ ...fields, event: 'invalid', bytes, reason }, text);
    },
    dead: (_payload, reason) =>
      log.warn({ ...fields, event: 'dead', reason }, `A message ${of} was dead-lettered (${sanitize(reason)})`),
    deadLettersRefused(reason) {
      if (reason === undefined) log.info({ ...fields, event: 'accepted' }, `Storing dead letters ${of} again`);
      else
        log.error(
          { ...fields, event: 'refused', reason },
          `Cannot store dead letters ${of}: ${sanitize(reason)}; retrying`,
        );
    },
    undeliverable: ({ payload }, reason) =>
      log.error(
        { ...fields, event: 'undeliverable', reason, payload: payload.toString('base64', 0, LONGEST_IN_LOG) },
        `Could not store an invalid message ${of}: its bytes are in this line's field "payload", in base64`,
      ),
    missing: (messages) =>
      log.error(
        { ...fields, event: 'missing', messages },
        `${formatNumber(messages)} messages ${of} are gone from Redis before they were acknowledged`,
      ),
    overflow: (messages) =>
      log.warn(
        { ...fields, event: 'overflow', messages },
        `Too slow: dropped ${formatNumber(messages)} messages ${of}`,
      ),
    unhandled: (deliveries, fate) =>
      log.info(
        { ...fields, event: 'unhandled', messages: deliveries.length, fate },
        `${formatNumber(deliveries.length)} messages ${of} were not handled before the end: ${fate}`,
      ),
    leaseLost: (deliveries) =>
      log.warn(
        { ...fields, event: 'lease-lost', messages: deliveries.length },
        `${formatNumber(deliveries.length)} messages ${of} went to another consumer while this process stood still`,
      ),
  };
}

/** More bytes of a payload than this are not written to the log. */
const LONGEST_IN_LOG = 1024 * 1024;

/** What becomes of a message whose handler failed, for people. */
export const ENDS = {
  again: 'it will be redelivered',
  dead: 'it was dead-lettered',
  lost: 'it is lost',
  'lost-lease': 'another consumer has it',
} as const;
