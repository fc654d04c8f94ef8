import { nowMicros } from '../accounting/clock.ts';
import { parseMicros } from '../accounting/timestamp.ts';
import { decode, type Message } from '../message/message.ts';
import type { ConsumerObserver, Incoming, ProducerObserver } from '../messaging/events.ts';
import type { Pattern } from '../patterns/pattern.ts';
import { sanitize } from '../text/sanitize.ts';
import type { Recent } from './lately.ts';
import type { Happening, LiveEvent } from './protocol.ts';
import { cut, type Recorder } from './recorder.ts';

/** A value that a service of the demo sends. */
interface Sent {
  readonly message: Message;
}
/** A value that a service of the demo receives. */
interface Received extends Sent {
  /** µs since 1970. */
  readonly madeAt: number;
}

/** Of each batch at most this many messages are measured. */
const MOST_MEASURED = 50;

/** Where an observer tells what it sees. */
export interface Told {
  readonly recent: Recent;
  /** There while somebody looks. */
  readonly recorder: Recorder | undefined;
}

/** Tells what becomes of what a pattern's producer sends. */
export function liveProducer(pattern: string, told: Told): ProducerObserver<unknown> {
  const tell = (what: Happening, values: readonly unknown[], more?: (place: number) => Partial<LiveEvent>) => {
    if (!told.recorder) return;
    const at = nowMicros();
    told.recorder.record(pattern, what, values.length, (place) => ({
      ...about((values[place] as Sent).message, pattern, what, at),
      ...more?.(place),
    }));
  };
  return {
    accepted(values, receipt) {
      told.recent.came(values.length);
      tell('accepted', values, (place) => ({ reply: receipt[place] as number, batch: values.length }));
    },
    refused: (values, _failure, reason) => tell('refused', values, () => ({ reason: sanitize(reason) })),
    unconfirmed: (values) => tell('unconfirmed', values),
    retried: (values) => tell('retried', values),
  };
}

/** Tells what becomes of what a pattern's consumer receives. */
export function liveConsumer({ name: pattern, guarantees }: Pattern, told: Told): ConsumerObserver<unknown> {
  const acknowledges = guarantees.delivery === 'at-least-once';
  /** Whether what was handled last was told message by message. */
  let isTold = false;

  function tell(
    what: Happening,
    batch: readonly Incoming<unknown>[],
    at: number,
    more?: (incoming: Incoming<unknown>) => Partial<LiveEvent>,
  ): number {
    const shown = told.recorder?.record(pattern, what, batch.length, (place) => {
      const incoming = batch[place] as Incoming<unknown>;
      const { attempt, id: entry } = incoming.delivery;
      const message = about((incoming.value as Received).message, pattern, what, at);
      return { ...message, attempt, ...(entry !== undefined && { entry }), ...more?.(incoming) };
    });
    return shown ?? 0;
  }

  function tellPayloads(what: Happening, payloads: readonly Buffer[], reason?: string): void {
    const at = nowMicros();
    const why = reason === undefined ? {} : { reason: sanitize(reason) };
    told.recorder?.record(pattern, what, payloads.length, (place) => {
      const payload = payloads[place] as Buffer;
      const decoded = decode(payload);
      const message = decoded.ok ? about(decoded.message, pattern, what, at) : unreadable(payload, pattern, what, at);
      return { ...message, ...why };
    });
  }

  return {
    received(batch) {
      told.recent.arrived(batch.length, madeAtOf(batch, 0));
      tell('received', batch, 0, ({ value, delivery }) => ({
        at: delivery.receivedAt,
        batch: batch.length,
        text: cut((value as Received).message.message),
      }));
    },
    handled(batch) {
      told.recent.handled(batch.length, madeAtOf(batch, -1));
      isTold = false;
      if (!told.recorder) return;
      const now = nowMicros();
      const step = Math.ceil(batch.length / MOST_MEASURED);
      for (let place = 0; place < batch.length; place += step) {
        const { value, delivery } = batch[place] as Incoming<unknown>;
        const { madeAt } = value as Received;
        told.recent.measured(delivery.receivedAt - madeAt, Math.max(now, delivery.receivedAt) - madeAt);
      }
      isTold = tell('handled', batch, now) > 0;
    },
    wantsAcknowledged: () => isTold && acknowledges,
    acknowledged(batch, fates) {
      if (!told.recorder || !acknowledges) return;
      const at = nowMicros();
      const isDone = fates.every((fate) => fate === 'done');
      for (const fate of isDone ? (['done'] as const) : (['done', 'repeated', 'lost-lease'] as const)) {
        const messages = isDone ? fates.length : fates.filter((each) => each === fate).length;
        if (messages === 0) continue;
        const those = isDone ? batch : batch.filter((_, place) => fates[place] === fate);
        if (batch.length === 0) told.recorder.count(pattern, ACKNOWLEDGED[fate], messages);
        else tell(ACKNOWLEDGED[fate], those, at, () => ({ batch: batch.length }));
      }
    },
    failed(incoming, reason, fate) {
      told.recent.settled(1);
      const at = nowMicros();
      tell('failed', [incoming], at, () => ({ reason: sanitize(reason), fate }));
      if (fate === 'dead' || fate === 'lost') tell(fate, [incoming], at, () => ({ reason: sanitize(reason) }));
    },
    invalid({ payload }, reason) {
      const at = nowMicros();
      told.recorder?.record(pattern, 'invalid', 1, () => ({
        ...unreadable(payload, pattern, 'invalid', at),
        reason: sanitize(reason),
      }));
    },
    dead: (payload, reason) => tellPayloads('dead', [payload], reason),
    missing: (messages) => told.recorder?.count(pattern, 'missing', messages),
    overflow: (messages) => told.recorder?.count(pattern, 'dropped', messages),
    unhandled(deliveries, fate) {
      told.recent.settled(deliveries.length);
      tellPayloads(
        fate,
        deliveries.map(({ payload }) => payload),
      );
    },
    leaseLost(deliveries) {
      tellPayloads(
        'lease-lost',
        deliveries.map(({ payload }) => payload),
      );
    },
  };
}

/** Messages were made. */
export function tellMade(recorder: Recorder, messages: readonly Sent[]): void {
  recorder.record('', 'made', messages.length, (place) => {
    const { message } = messages[place] as Sent;
    const { pattern: _, ...made } = about(message, '', 'made', parseMicros(message.timestamp) as number);
    return { ...made, text: cut(message.message) };
  });
}

const ACKNOWLEDGED = { done: 'acknowledged', repeated: 'deduplicated', 'lost-lease': 'lease-lost' } as const;

const madeAtOf = (batch: readonly Incoming<unknown>[], place: number): number =>
  (batch.at(place)?.value as Received | undefined)?.madeAt ?? 0;

function about({ id, count, sender, session }: Message, pattern: string, what: Happening, at: number): LiveEvent {
  const message = { at, what, pattern, id, count, sender: cut(sender, MOST_SENDER) };
  return session === undefined ? message : { ...message, session };
}

const MOST_SENDER = 60;

const unreadable = (payload: Buffer, pattern: string, what: Happening, at: number): LiveEvent => ({
  at,
  what,
  pattern,
  text: cut(payload.toString('utf8', 0, 1000)),
});
