/**
 * A service that sends or receives by a peer instead of by our patterns. It understands the same variables as ours, writes the
 * same log lines and reports the same stats, so that it can take their place in an experiment. Its argument is the side.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { nowMicros } from '@redis-messaging/shared/accounting/clock';
import { Latency } from '@redis-messaging/shared/accounting/latency';
import { Ledger } from '@redis-messaging/shared/accounting/ledger';
import type { Held, Stats } from '@redis-messaging/shared/accounting/stats';
import { Span } from '@redis-messaging/shared/accounting/time-span';
import { decode } from '@redis-messaging/shared/message/message';
import { placeOf, type RedisOptions, serverNameOf, usesTls } from '@redis-messaging/shared/redis/options';
import { type Config, loadConfig } from '@redis-messaging/shared/service/config';
import { createLogger, type Logger } from '@redis-messaging/shared/service/logger';
import { redisOptions } from '@redis-messaging/shared/service/redis-options';
import { logStats, reportNowAndThen, tellParent } from '@redis-messaging/shared/service/reporting';
import { type Stop, stopOnSignals } from '@redis-messaging/shared/service/stop';
import { type OutgoingMessage, outgoingOf } from '../../publisher/src/outgoing.ts';
import { pace } from '../../publisher/src/pace.ts';
import { peers } from './index.ts';
import { PEER_TOPIC, type Peer, type PeerRedis, type PeerSettings } from './peer.ts';

/** As our publisher: the most messages in a batch, and the most batches under way. */
const BATCH = 500;
const WINDOW = 4;
/** The experiment itself asks what a peer holds. */
const NOT_ASKED: Held = {
  waiting: null,
  inFlight: null,
  deadLetters: null,
  listeners: null,
  wildcards: null,
  channels: null,
};

interface Context {
  readonly peer: Peer;
  readonly settings: PeerSettings;
  readonly config: Config;
  readonly log: Logger;
  readonly stop: Stop;
}

/** A publisher or a subscriber at work. */
interface Side {
  stats(): Stats;
  /** Resolves when there is nothing left to do: at the latest after the stop. */
  readonly finished: Promise<void>;
}

async function publish({ peer, settings, config, log, stop }: Context): Promise<Side> {
  const producer = await peer.produce(settings);
  const span = new Span();
  const counts = { published: 0, unconfirmed: 0, noSubscribers: 0, made: 0 };
  const underWay = new Set<Promise<void>>();

  async function send(batch: readonly OutgoingMessage[]): Promise<void> {
    const sentAt = nowMicros();
    counts.made += batch.length;
    try {
      const replies = await producer.send(batch.map(({ payload }) => payload));
      span.mark(sentAt);
      counts.published += batch.length;
      for (const [index, { message, lateMs }] of batch.entries()) {
        const reply = replies[index] as number;
        if (reply === 0) counts.noSubscribers++;
        const { id, sender, count } = message;
        const publishMs = (nowMicros() - sentAt) / 1000;
        log.info({ event: 'published', pattern: peer.name, id, sender, count, reply, lateMs, publishMs }, 'published');
      }
    } catch (error) {
      counts.unconfirmed += batch.length; // a library does not say whether Redis took them
      log.error({ event: 'refused', pattern: peer.name, reason: (error as Error).message }, 'refused');
    }
  }

  async function publishAll(): Promise<void> {
    const intervalMs = config.PUBLISH_INTERVAL * 1000;
    const make = outgoingOf(config.SENDER, config.MESSAGE_SIZE);
    let count = 0;
    for await (const due of pace({ intervalMs, count: config.MESSAGE_COUNT, batch: BATCH, signal: stop.signal })) {
      const batch = due.map((lateMs) => make(++count, lateMs));
      const sending = send(batch).finally(() => underWay.delete(sending));
      underWay.add(sending);
      if (intervalMs === 0 && underWay.size >= WINDOW) await Promise.race(underWay);
      await turn();
    }
    await Promise.all(underWay);
    await producer.close();
  }

  return {
    stats() {
      const { published, unconfirmed, noSubscribers, made } = counts;
      const buffered = made - published - unconfirmed;
      return {
        made,
        accepted: published,
        refused: 0,
        unconfirmed,
        retried: 0,
        buffered,
        noSubscribers,
        ...NOT_ASKED,
        ...span.report(),
      };
    },
    finished: publishAll(),
  };
}

async function receive({ peer, settings, config, log, stop }: Context): Promise<Side> {
  const ledger = new Ledger(peer.guarantees);
  const latency = new Latency();
  const span = new Span();
  let redelivered = 0;
  let invalid = 0;

  async function handle(payload: string, attempt: number): Promise<void> {
    const receivedAt = nowMicros();
    const decoded = decode(Buffer.from(payload));
    if (!decoded.ok) {
      invalid++;
      return;
    }
    if (config.WORK_TIME > 0) await sleep(config.WORK_TIME * 1000);
    const { id, sender, count } = decoded.message;
    const micros = receivedAt - decoded.madeAt;
    ledger.receive({ id, sender, count, madeAt: decoded.madeAt });
    latency.record(micros);
    span.mark(receivedAt);
    if (attempt > 1) redelivered++;
    const line = { event: 'received', pattern: peer.name, id, sender, count, latencyMs: micros / 1000, attempt };
    log.info(line, 'received');
  }

  const consumer = await peer.consume(settings, handle);
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  return {
    stats() {
      const { published: accepted, ...seen } = ledger.account();
      const none = {
        deduplicated: 0,
        missing: 0,
        failed: 0,
        dead: 0,
        exhausted: 0,
        leasesLost: 0,
        moving: 0,
        unexplained: 0,
      };
      const latencies = { latencyMs: latency.report(), handledMs: latency.report() };
      const published = { made: accepted, refused: 0, buffered: 0 };
      const account = { accepted, published, handled: seen.received, unconfirmed: 0, shares: {} };
      return { ...seen, ...account, ...none, redelivered, invalid, ...latencies, ...NOT_ASKED, ...span.report() };
    },
    finished: stopped.then(() => consumer.close()),
  };
}

/** What the other libraries need of the options of ours. */
function redisOf(options: RedisOptions): PeerRedis {
  const { url, socket, username, password } = options;
  const { path, ...host } = placeOf(options);
  const given = url && URL.canParse(url) ? new URL(url) : undefined;
  const { tls: _, ...tls } = (socket ?? {}) as Record<string, unknown>;
  return {
    ...(path ? { path } : host),
    username: decodeURIComponent(given?.username ?? '') || username,
    password: decodeURIComponent(given?.password ?? '') || password,
    db: Number(given?.pathname.slice(1) || 0),
    ...(usesTls(options) && { tls: { servername: serverNameOf(options), ...tls } }),
  };
}

async function main(name: string): Promise<void> {
  const peer = peers.find((each) => each.name === process.env.PATTERN);
  if (!peer) throw new Error(`PATTERN=${process.env.PATTERN}: expected a peer`);
  const config = loadConfig({ ...process.env, PATTERN: '' });
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const stop = stopOnSignals(log, config.SHUTDOWN_TIMEOUT);
  const settings = {
    redis: redisOf(redisOptions(config, name)),
    topic: process.env[PEER_TOPIC.variable] as string,
    reclaimAfterMs: config.RECLAIM_AFTER * 1000,
    maxAttempts: config.MAX_ATTEMPTS,
  };
  const context = { peer, settings, config, log, stop };
  const side = await (name === 'publisher' ? publish(context) : receive(context));
  const stats = () => ({ [peer.name]: side.stats() });
  const end = reportNowAndThen({ isReady: () => true, stats: async () => stats() }, config.STATS_INTERVAL, log);
  await side.finished;
  end();
  logStats(log, 'stopped', 'Stopped', stats());
  await tellParent('stopped', stats());
  process.exit(0); // whatever a library leaves behind
}

await main(process.argv[2] as string);
