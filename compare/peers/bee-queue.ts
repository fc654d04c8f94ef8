import { PEER_TOPIC, type Peer, type PeerSettings } from './peer.ts';

const QUEUE = 'messages';

/** bee-queue: a list of jobs, and workers that report now and then that they have not stalled. */
export const beeQueue: Peer = {
  name: 'bee-queue',
  library: 'bee-queue',
  topic: PEER_TOPIC,
  // Its README: "Any job enqueued should be processed at least once - and if a worker crashes, gets disconnected, or otherwise
  // fails to confirm completion of the job, the job will be dispatched to another worker" (Stalling Jobs). It says nothing of order.
  guarantees: {
    delivery: 'at-least-once',
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: true,
    ordered: false,
  },

  async produce(settings) {
    const queue = await open(settings, { isWorker: false, sendEvents: false });
    return {
      async send(payloads) {
        const errors = await queue.saveAll(payloads.map((payload) => queue.createJob(payload)));
        for (const error of errors.values()) throw error;
        return payloads.map(() => 1);
      },
      close: () => queue.close(),
    };
  },

  async consume(settings, handle) {
    const queue = await open(settings, {
      sendEvents: false,
      removeOnSuccess: true,
      stallInterval: settings.reclaimAfterMs,
    });
    // A job does not tell which attempt it is.
    queue.process(1, async (job) => await handle(job.data, 1));
    await queue.checkStalledJobs(settings.reclaimAfterMs);
    return { close: () => queue.close() };
  },

  async backlog(redis, topic) {
    const key = (name: string) => `${topic}:${QUEUE}:${name}`;
    const [waiting, inFlight, dead] = await Promise.all([
      redis.lLen(key('waiting')),
      redis.lLen(key('active')),
      redis.sCard(key('failed')),
    ]);
    return { waiting, inFlight, dead, listeners: null };
  },
};

async function open({ redis, topic }: PeerSettings, options: object) {
  const { default: BeeQueue } = await import('bee-queue');
  const { username: user, ...rest } = redis;
  const settings = { redis: { ...rest, user }, prefix: topic, getEvents: false, storeJobs: false, ...options };
  const queue = new BeeQueue<string>(QUEUE, settings);
  queue.on('error', (error) => console.error(error.message));
  return await queue.ready();
}
