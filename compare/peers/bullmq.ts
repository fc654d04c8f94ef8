import { connectionOf } from './ioredis.ts';
import { PEER_TOPIC, type Peer } from './peer.ts';

const QUEUE = 'messages';

/** BullMQ: jobs in a list, locks that workers renew, scripts for every step. */
export const bullmq: Peer = {
  name: 'bullmq',
  library: 'bullmq',
  topic: PEER_TOPIC,
  // docs.bullmq.io: "at least once in the worst case" (What is BullMQ), stalled jobs go back to be processed again (Jobs:
  // Stalled), jobs are processed in the order in which they were added (Jobs: FIFO), each by one worker.
  guarantees: {
    delivery: 'at-least-once',
    audience: 'one-subscriber',
    groups: false,
    keepsUnread: true,
    replays: false,
    survivesCrash: true,
    ordered: true,
  },

  async produce({ redis, topic }) {
    const { Queue } = await import('bullmq');
    const connection = await connectionOf(redis);
    const queue = new Queue(QUEUE, { connection, prefix: topic });
    await queue.waitUntilReady();
    const options = { removeOnComplete: true };
    return {
      async send(payloads) {
        const [first] = payloads;
        if (payloads.length === 1) await queue.add('message', first, options);
        else await queue.addBulk(payloads.map((data) => ({ name: 'message', data, opts: options })));
        return payloads.map(() => 1);
      },
      async close() {
        await queue.close();
        connection.disconnect();
      },
    };
  },

  async consume({ redis, topic, reclaimAfterMs, maxAttempts }, handle) {
    const { Worker } = await import('bullmq');
    const connection = await connectionOf(redis);
    const worker = new Worker<string>(QUEUE, (job) => handle(job.data, job.attemptsStarted), {
      connection,
      prefix: topic,
      lockDuration: reclaimAfterMs,
      stalledInterval: reclaimAfterMs,
      maxStalledCount: maxAttempts - 1,
    });
    worker.on('error', (error) => console.error(error.message));
    await worker.waitUntilReady();
    return {
      async close() {
        await worker.close();
        connection.disconnect();
      },
    };
  },

  async backlog(redis, topic) {
    const key = (name: string) => `${topic}:${QUEUE}:${name}`;
    const [waiting, inFlight, dead] = await Promise.all([
      redis.lLen(key('wait')),
      redis.lLen(key('active')),
      redis.zCard(key('failed')),
    ]);
    return { waiting, inFlight, dead, listeners: null };
  },
};
