import { io, type Socket } from 'socket.io-client';
import { until } from '../../testkit/until.ts';
import type { ToBrowser } from './live.ts';
import type { JobView } from './queue.ts';

/** The cookie of somebody who was never there before. */
export async function newCookie(url: string): Promise<string> {
  const page = await fetch(url);
  return page.headers.getSetCookie()[0]?.split(';')[0] as string;
}

/** Does what the page does, without a browser: keeps a cookie, uploads, and hears what becomes of it. */
export class Visitor implements Disposable {
  readonly #url: string;
  readonly #cookie: string;
  readonly #signal: AbortSignal | undefined;
  readonly #sockets: Socket<ToBrowser>[] = [];
  readonly #jobs = new Map<string, JobView>();
  /** Every change that was heard, in its order. */
  readonly heard: JobView[] = [];

  private constructor(url: string, cookie: string, signal: AbortSignal | undefined) {
    this.#url = url;
    this.#cookie = cookie;
    this.#signal = signal;
  }

  /** Somebody who was never there before. @param signal ends the patience */
  static async arrive(url: string, signal?: AbortSignal): Promise<Visitor> {
    return new Visitor(url, await newCookie(url), signal);
  }

  /** Opens the page, perhaps in another tab. Resolves with the API process that it reached, when the jobs are there. */
  async open(): Promise<string> {
    const socket: Socket<ToBrowser> = io(this.#url, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { cookie: this.#cookie, origin: this.#url },
    });
    this.#sockets.push(socket);
    socket.on('job', (job) => this.#hear(job));
    return await new Promise((resolve) => {
      socket.on('jobs', ({ server, jobs }) => {
        for (const job of jobs) this.#hear(job);
        resolve(server);
      });
    });
  }

  /** Closes all tabs, and forgets what they showed. */
  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
    this.#jobs.clear();
  }

  /** Uploads a video. Returns the status of the answer. */
  async upload(name: string, size = 1_000_000): Promise<number> {
    const { status } = await fetch(`${this.#url}/upload`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', cookie: this.#cookie, origin: this.#url },
      body: JSON.stringify({ name, size }),
    });
    return status;
  }

  /** What the page shows. */
  get jobs(): readonly JobView[] {
    return [...this.#jobs.values()].sort((one, other) => one.at - other.at);
  }

  /** Waits until the page shows a video so. */
  async sees(name: string, condition: (job: JobView) => boolean): Promise<JobView> {
    const shown = () => this.jobs.find((job) => job.name === name && condition(job));
    return await until(`news of ${name}`, shown, 30_000, this.#signal);
  }

  #hear(job: JobView): void {
    const known = this.#jobs.get(job.id);
    if (known && job.step <= known.step) return; // not news, or older than what is known
    this.#jobs.set(job.id, job);
    this.heard.push(job);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
