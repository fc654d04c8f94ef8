/** A worker process: encodes one video after the other. There may be any number. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeRedisClient, type Job, Worker } from 'bullmq';
import { connectPart, onStop, part, ready } from './part.ts';
import { JobQueue, QUEUE, type Work } from './queue.ts';

const SECONDS = Number(process.env.JOB_SECONDS ?? 4);
const STEP_PERCENT = 10;
/** A worker renews its lock on a job twice in this time. If it dies, the lock expires, and another worker can take the job. */
const LOCK_MS = 3000;
/** How often the workers look for jobs without a lock. Both are 30 s by default; a page should not wait that long. */
const LOOK_FOR_STALLED_MS = 1000;
/** A video that crashes three workers is not given to a fourth. */
const MOST_STALLS = 2;

const redis = await connectPart('queue');
const jobs = new JobQueue(redis.client, part.prefix);

/** Pretends to encode, always from the start: the last attempt may have been another worker's. */
async function encode(job: Job<Work>, _token?: string, signal?: AbortSignal): Promise<void> {
  console.log(`encodes ${job.data.name} (attempt ${job.attemptsStarted})`);
  for (let percent = 0; percent < 100; percent += STEP_PERCENT) {
    await job.updateProgress(percent); // into the queue first, then to the browsers
    await jobs.announce(job.id as string);
    await sleep(SECONDS * STEP_PERCENT * 10, undefined, signal && { signal });
    if (percent >= 40) failIfItShould(job);
  }
  await job.updateProgress(100);
}

/** For the demo: a name with "flaky" fails the first time, one with "corrupt" always. */
function failIfItShould({ data, attemptsMade }: Job<Work>): void {
  if (/corrupt/i.test(data.name)) throw new Error('the video is corrupt');
  if (/flaky/i.test(data.name) && attemptsMade === 0) throw new Error('the encoder lost its grip');
}

const worker = new Worker<Work>(QUEUE, encode, {
  connection: createNodeRedisClient(redis.client),
  prefix: part.prefix,
  name: part.name,
  lockDuration: LOCK_MS,
  stalledInterval: LOOK_FOR_STALLED_MS,
  maxStalledCount: MOST_STALLS,
});
worker.on('error', (error) => console.error(error.message)); // it continues by itself
// A worker that stalled for longer than its lock has lost the job to another, and must not continue with it.
worker.on('lockRenewalFailed', (ids) => ids.forEach((id) => void worker.cancelJob(id, 'another worker has it')));
worker.on('completed', ({ id, data }) => {
  console.log(`has encoded ${data.name}`);
  void jobs.free(id as string, data);
  void jobs.announce(id as string);
});
worker.on('failed', (job, error) => {
  console.log(`failed at ${job?.data.name}: ${error.message}`);
  if (!job?.id) return;
  if (job.finishedOn) void jobs.free(job.id, job.data); // else it is tried again
  void jobs.announce(job.id);
});
worker.on('stalled', (id) => {
  console.log('found a job without its worker: it is free again');
  void jobs.announce(id);
});
await worker.waitUntilReady();

onStop(async () => await worker.close()); // after the video in progress
ready();
