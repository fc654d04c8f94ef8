import { setImmediate as turn } from 'node:timers/promises';
import type { StatsByPattern } from '@redis-messaging/shared/accounting/stats';
import { batchOf } from '@redis-messaging/shared/messaging/producer/producer';
import type { Service, Work } from '@redis-messaging/shared/service/service';
import { ControlledPublisher } from './controlled-publisher.ts';
import { FanOut } from './fan-out.ts';
import { mostBytes } from './outgoing.ts';
import { pace } from './pace.ts';
import { PatternPublisher } from './pattern-publisher.ts';
import { Tempo } from './tempo.ts';

/** How long a stopping publisher waits for a Redis that takes nothing: ms. */
const PATIENCE_MS = 1000;
/** How often subscribers are told what was published: ms. Less than what makes them believe that the publisher is gone. */
const TELL_EVERY_MS = 2000;

/** Makes messages at the pace of PUBLISH_INTERVAL, unless the live page changes it, and sends each of them by every chosen pattern. */
export function startPublishing(service: Service): Work {
  const publishers = service.config.PATTERN.map((pattern) => new PatternPublisher(service, pattern));
  const tempo = new Tempo(service.config.PUBLISH_INTERVAL * 1000, service.stop.signal);
  const fanOut = new FanOut(service, publishers);
  return {
    isReady: () => publishers.every(({ producer }) => producer.isReady),
    stats: (isFinal) => statsOf(publishers, isFinal),
    finished: publishAll(service, publishers, tempo, fanOut),
    controlled: new ControlledPublisher(tempo, fanOut),
  };
}

async function publishAll(
  { config, stop }: Service,
  publishers: readonly PatternPublisher[],
  tempo: Tempo,
  fanOut: FanOut,
): Promise<void> {
  const producers = publishers.map(({ producer }) => producer);
  const bytes = mostBytes(config.SENDER, config.MESSAGE_SIZE);
  const batch = Math.min(batchOf(bytes, config.BUFFER_BYTES), config.BUFFER_LIMIT);
  const telling = setInterval(() => {
    for (const publisher of publishers) void publisher.tell();
  }, TELL_EVERY_MS);
  const { intervalMs } = tempo;
  for await (const due of pace({ intervalMs, tempo, count: config.MESSAGE_COUNT, batch, signal: stop.signal })) {
    fanOut.make(due);
    if (tempo.intervalMs === 0)
      await Promise.all(producers.map((producer) => producer.ready(batch, batch * bytes, stop.signal)));
    await turn(); // or a publisher that is behind would never read an answer
  }
  fanOut.close();
  await Promise.all(producers.map((producer) => producer.drained(stop.signal)));
  await Promise.all(producers.map((producer) => producer.close({ patienceMs: PATIENCE_MS, signal: stop.abandon })));
  clearInterval(telling);
  await Promise.all(publishers.map((publisher) => publisher.close()));
}

async function statsOf(publishers: readonly PatternPublisher[], isFinal?: boolean): Promise<StatsByPattern> {
  const entries = publishers.map(
    async (publisher) => [publisher.pattern.name, await publisher.stats(isFinal)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
