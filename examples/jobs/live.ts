import type { Server as HttpServer } from 'node:http';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { Server, type Socket } from 'socket.io';
import { readObject } from '../read-object.ts';
import { isForUs, isFromUs } from './origin.ts';
import { type Announcement, CHANNEL, type JobQueue, type JobView } from './queue.ts';
import { userOf } from './session.ts';

/** What browsers are told. */
export interface ToBrowser {
  /** How all jobs of the user stand. */
  jobs(state: { readonly server: string; readonly jobs: readonly JobView[] }): void;
  /** How one of them stands now. */
  job(view: JobView): void;
}

/** How long an announcement that nobody heard can go unnoticed. */
const CATCH_UP_EVERY_MS = 10_000;
/** Browsers have nothing to say to us. */
const LARGEST_MESSAGE = 1000;

/** The live view of the browsers that are connected to this process. */
export interface Live {
  /** Tells everybody how their jobs stand: for when announcements may have been missed. */
  catchUp(): void;
  close(): Promise<void>;
}

/**
 * Passes announcements on to the browsers of the user whose job it is.
 *
 * Pub/Sub is for the live view, the queue for the truth. An announcement reaches whoever listens now and nobody else: while
 * a browser reconnects, or this process does to Redis, some go by. So a browser gets the state of its jobs from the queue
 * whenever it connects, and the announcements only keep that fresh. None of them has to arrive.
 *
 * Every API process hears every announcement and knows its own browsers, so it does not matter which one a browser reached.
 */
export async function startLive(http: HttpServer, redis: Redis, jobs: JobQueue, server: string): Promise<Live> {
  const io = new Server<Record<string, never>, ToBrowser>(http, {
    transports: ['websocket'], // one connection, one process: no need for sticky sessions
    maxHttpBufferSize: LARGEST_MESSAGE,
    allowRequest: (request, answer) => {
      const allowed = isForUs(request) && isFromUs(request) && userOf(request) !== undefined;
      answer(allowed ? null : 'forbidden', allowed);
    },
  });

  async function tellState(socket: Socket<Record<string, never>, ToBrowser>, user: string): Promise<void> {
    try {
      socket.emit('jobs', { server, jobs: await jobs.jobsOf(user) });
    } catch {} // Redis is away; when it is back, everybody is told
  }

  function catchUp(): void {
    for (const socket of io.sockets.sockets.values()) void tellState(socket, userOf(socket.request) as string);
  }

  io.on('connection', (socket) => {
    const user = userOf(socket.request) as string;
    void socket.join(user); // first: what changes while the state is being read is heard as well
    void tellState(socket, user);
  });

  await redis.subscribe(CHANNEL, (text) => {
    const announcement = read(text);
    if (announcement) io.to(announcement.user).emit('job', announcement.job);
  });
  const timer = setInterval(catchUp, CATCH_UP_EVERY_MS);

  return {
    catchUp,
    async close() {
      clearInterval(timer);
      await io.close();
    },
  };
}

/** What a text announces, if it does: what is no announcement is not passed on. */
function read(text: string): Announcement | undefined {
  const announcement = readObject(text) as Partial<Announcement> | undefined;
  const isOne = typeof announcement?.user === 'string' && typeof announcement.job?.id === 'string';
  return isOne ? (announcement as Announcement) : undefined;
}
