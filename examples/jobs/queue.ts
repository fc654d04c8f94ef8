import { randomUUID } from 'node:crypto';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { runScript } from '@redis-messaging/shared/redis/script';
import { createNodeRedisClient, Queue } from 'bullmq';

/** BullMQ's queue of videos to encode. */
export const QUEUE = 'videos';
/** The Pub/Sub channel on which every change of a job is announced. */
export const CHANNEL = 'jobStatus';

/** What a user uploads. There is no real video: its name and size are all that is ever sent. */
export interface Video {
  readonly name: string;
  readonly size: number;
}

/** Who uploads a video. */
export interface Uploader {
  readonly user: string;
  /** The address that the upload came from. */
  readonly address: string;
}

/** A video with its owner: the payload in the queue. */
export type Work = Video & Uploader;

/** A job as its owner sees it. */
export interface JobView extends Video {
  readonly id: string;
  readonly state: 'waiting' | 'encoding' | 'retrying' | 'done' | 'failed';
  /** In percent. */
  readonly progress: number;
  /** How often a worker has started it. */
  readonly attempt: number;
  /** The worker that started it last. */
  readonly worker: string;
  /** Why the last attempt failed, if one did. */
  readonly error: string;
  /** When it was uploaded: ms since 1970. */
  readonly at: number;
  /** Only increases: of two views the one with the lower step is the older, whichever arrived first. */
  readonly step: number;
}

/** A message on the channel. */
export interface Announcement {
  readonly user: string;
  readonly job: JobView;
}

/** Unfinished jobs of one user, from one address, and of all: more are refused, so that nobody fills the queue. */
const MOST = { user: 20, address: 100, all: 1000 };
type Limit = keyof typeof MOST;
const LIMITS = Object.keys(MOST) as Limit[];

/**
 * Takes a place among the unfinished jobs: looks and adds in one step, or uploads at the same time would each find the last place
 * free. KEYS: the places that count for each limit, by the time until which they are kept. ARGV: job, now, that time, the limits.
 * @returns which limit is reached, from 1; 0 if none is, and the place is taken
 */
const TAKE_PLACE = `
for i, places in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', places, '-inf', ARGV[2])
  if redis.call('ZCARD', places) >= tonumber(ARGV[3 + i]) then return i end
end
for _, places in ipairs(KEYS) do
  redis.call('ZADD', places, ARGV[3], ARGV[1])
  redis.call('PEXPIREAT', places, ARGV[3])
end
return 0
`;
/** A place that was not returned, because its worker was killed, is free after this time: longer than a job waits behind 1,000. */
const KEEP_PLACE_MS = 6 * 3600 * 1000;

/** How many jobs a user sees; older ones are forgotten. */
const JOBS_SHOWN = 50;
const KEEP_SECONDS = 3600;
const STATES: Readonly<Record<string, JobView['state']>> = { active: 'encoding', completed: 'done', failed: 'failed' };
/** Within one attempt. */
const ORDER: readonly JobView['state'][] = ['waiting', 'encoding', 'retrying', 'done', 'failed'];

/** The queue, which has the state of every job at any time; and the channel, which announces changes at once. */
export class JobQueue {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #queue: Queue<Work>;

  /** @param prefix of all its keys */
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#queue = new Queue(QUEUE, { connection: createNodeRedisClient(redis), prefix });
    this.#queue.on('error', () => {}); // the connection reconnects by itself; commands report errors
  }

  /** Queues a video, if no limit is reached. */
  async add(uploader: Uploader, { name, size }: Video): Promise<{ readonly id: string } | { readonly full: Limit }> {
    const id = randomUUID();
    const full = await this.#takePlace(id, uploader);
    if (full) return { full };
    const { user } = uploader;
    const ids = this.#idsOf(user);
    // The list first: an id without a job is skipped, but a job without its id would be hidden forever.
    await this.#redis
      .multi()
      .lPush(ids, id)
      .lTrim(ids, 0, JOBS_SHOWN - 1)
      .expire(ids, 2 * KEEP_SECONDS)
      .exec();
    await this.#queue.add(
      'encode',
      { ...uploader, name, size },
      {
        jobId: id,
        attempts: 3,
        backoff: { type: 'exponential', delay: 500 },
        removeOnComplete: { age: KEEP_SECONDS, count: 10_000 },
        removeOnFail: { age: KEEP_SECONDS, count: 10_000 },
      },
    );
    await this.announce(id);
    return { id };
  }

  /** Gives back the place of a job that is finished. Never fails: at the worst, it is kept for some hours. */
  async free(id: string, uploader: Uploader): Promise<void> {
    await Promise.all(this.#placesOf(uploader).map((places) => this.#redis.zRem(places, id))).catch(() => {});
  }

  /** The user's jobs, the newest first. */
  async jobsOf(user: string): Promise<JobView[]> {
    const ids = await this.#redis.lRange(this.#idsOf(user), 0, -1);
    const found = await Promise.all(ids.map((id) => this.#look(id)));
    return found.flatMap((each) => (each?.user === user ? [each.job] : []));
  }

  /**
   * Announces the state of a job, as the queue has it. Nothing depends on it, so it never fails: a subscriber that missed it
   * asks the queue.
   */
  async announce(id: string): Promise<void> {
    try {
      const announcement = await this.#look(id);
      if (announcement) await this.#redis.publish(CHANNEL, JSON.stringify(announcement));
    } catch {}
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  async #look(id: string): Promise<Announcement | undefined> {
    const job = await this.#queue.getJob(id);
    if (!job) return undefined;
    const { user, name, size } = job.data;
    const attempt = job.attemptsStarted;
    const state = STATES[await job.getState()] ?? (attempt > 0 ? 'retrying' : 'waiting');
    const progress = state === 'done' ? 100 : Number(job.progress);
    const step = attempt * 10_000 + ORDER.indexOf(state) * 1000 + progress;
    const view = { id, name, size, state, progress, attempt, step, at: job.timestamp };
    return { user, job: { ...view, worker: job.processedBy ?? '', error: job.failedReason ?? '' } };
  }

  async #takePlace(id: string, uploader: Uploader): Promise<Limit | undefined> {
    const now = Date.now();
    const args = [id, now, now + KEEP_PLACE_MS, ...LIMITS.map((limit) => MOST[limit])].map(String);
    const reached = (await runScript(this.#redis, TAKE_PLACE, this.#placesOf(uploader), args)) as number;
    return LIMITS[reached - 1];
  }

  /** In the order of the limits. */
  #placesOf({ user, address }: Uploader): string[] {
    return [`user:${user}`, `address:${address}`, 'all'].map((whose) => `${this.#prefix}:unfinished:${whose}`);
  }

  #idsOf(user: string): string {
    return `${this.#prefix}:user:${user}`;
  }
}
