import type { Server as HttpServer } from 'node:http';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { Server, type Socket } from 'socket.io';
import { readObject } from '../../read-object.ts';
import { type Announcement, CHANNEL, type JobQueue, type JobView } from '../queue.ts';
import { isForUs, isFromUs } from './origin.ts';
import { addressOf } from './peer.ts';
import type { Visitors } from './visitors.ts';

/** The messages to browsers. */
export interface ToBrowser {
  /** All jobs of the user. */
  jobs(state: { readonly server: string; readonly jobs: readonly JobView[] }): void;
  /** One job that changed. */
  job(view: JobView): void;
}

/** A missed announcement is made up for after this time at the latest. */
export const CATCH_UP_EVERY_MS = 10_000;
/** Browsers send nothing: bytes. */
const LARGEST_MESSAGE = 1000;

/** The live view of the browsers that are connected to this process. */
export interface Live {
  /** Sends every browser the state of its jobs: for when announcements may have been missed. */
  catchUp(): void;
  close(): Promise<void>;
}

/**
 * Passes announcements on to the browsers of the user whose job it is.
 *
 * The queue is the source of truth; Pub/Sub only keeps the view live. An announcement reaches only those who listen now:
 * while a browser reconnects, or this process reconnects to Redis, some are missed. So a browser gets the state of its jobs
 * from the queue whenever it connects, and no announcement has to arrive.
 *
 * Every API process receives every announcement and knows its own browsers, so a browser may connect to any of them.
 */
export async function startLive(
  http: HttpServer,
  redis: Redis,
  jobs: JobQueue,
  { sessions, requests }: Visitors,
  server: string,
): Promise<Live> {
  const io = new Server<Record<string, never>, ToBrowser>(http, {
    transports: ['websocket'], // one connection, one process: no need for sticky sessions
    maxHttpBufferSize: LARGEST_MESSAGE,
    allowRequest: (request, answer) => {
      const isOurs = isForUs(request) && isFromUs(request) && sessions.userOf(request) !== undefined;
      const allowed = requests.take(addressOf(request.socket)) && isOurs;
      answer(allowed ? null : 'forbidden', allowed);
    },
  });

  async function sendState(socket: Socket<Record<string, never>, ToBrowser>, user: string): Promise<void> {
    try {
      socket.emit('jobs', { server, jobs: await jobs.jobsOf(user) });
    } catch {} // Redis is unreachable; after the reconnect every browser is sent its state
  }

  function catchUp(): void {
    for (const socket of io.sockets.sockets.values()) void sendState(socket, sessions.userOf(socket.request) as string);
  }

  io.on('connection', (socket) => {
    const user = sessions.userOf(socket.request) as string;
    void socket.join(user); // first, so that changes while the state is being read arrive as well
    void sendState(socket, user);
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

/** The announcement in a text; `undefined` if it is not one. */
function read(text: string): Announcement | undefined {
  const announcement = readObject(text) as Partial<Announcement> | undefined;
  const isOne = typeof announcement?.user === 'string' && typeof announcement.job?.id === 'string';
  return isOne ? (announcement as Announcement) : undefined;
}
