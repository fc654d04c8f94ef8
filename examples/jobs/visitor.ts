import { io, type Socket } from 'socket.io-client';
import { until } from '../../testkit/until.ts';
import type { ToBrowser } from './api/live.ts';
import type { JobView } from './queue.ts';

/** The cookie of a new visitor. */
export async function newCookie(url: string): Promise<string> {
  const page = await fetch(url);
  return page.headers.getSetCookie()[0]?.split(';')[0] as string;
}

/** Does what the page does, without a browser: keeps a cookie, uploads, and follows the jobs. */
export class Visitor implements Disposable {
  readonly #url: string;
  readonly #cookie: string;
  readonly #signal: AbortSignal | undefined;
  readonly #sockets: Socket<ToBrowser>[] = [];
  readonly #jobs = new Map<string, JobView>();
  /** Every change that was received, in order. */
  readonly seen: JobView[] = [];
  /** How many of these were shown by tabs that are closed. */
  #forgotten = 0;

  private constructor(url: string, cookie: string, signal: AbortSignal | undefined) {
    this.#url = url;
    this.#cookie = cookie;
    this.#signal = signal;
  }

  /** A new visitor. @param signal ends every wait */
  static async arrive(url: string, signal?: AbortSignal): Promise<Visitor> {
    return new Visitor(url, await newCookie(url), signal);
  }

  /** Opens the page, or another tab. Resolves when the jobs have arrived, with the name of the API process. */
  async open(): Promise<string> {
    const socket: Socket<ToBrowser> = io(this.#url, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { cookie: this.#cookie, origin: this.#url },
    });
    this.#sockets.push(socket);
    socket.on('job', (job) => this.#receive(job));
    return await new Promise((resolve) => {
      socket.on('jobs', ({ server, jobs }) => {
        for (const job of jobs) this.#receive(job);
        resolve(server);
      });
    });
  }

  /** Closes all tabs, and forgets what they showed. */
  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    this.#jobs.clear();
    this.#forgotten = this.seen.length;
  }

  /** Uploads a video. @returns the HTTP status */
  async upload(name: string, size = 1_000_000): Promise<number> {
    const { status } = await fetch(`${this.#url}/upload`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', cookie: this.#cookie, origin: this.#url },
      body: JSON.stringify({ name, size }),
    });
    return status;
  }

  /** The jobs that the page shows. */
  get jobs(): readonly JobView[] {
    return [...this.#jobs.values()].sort((one, other) => one.at - other.at);
  }

  /** Waits until the page shows, or has shown, a video in a state that meets a condition. @returns the last one */
  async sees(name: string, condition: (job: JobView) => boolean): Promise<JobView> {
    const shown = () => this.seen.slice(this.#forgotten).findLast((job) => job.name === name && condition(job));
    return await until(`news of ${name}`, shown, 30_000, this.#signal);
  }

  #receive(job: JobView): void {
    const known = this.#jobs.get(job.id);
    if (known && job.step <= known.step) return; // nothing new, or older than what is known
    this.#jobs.set(job.id, job);
    this.seen.push(job);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
