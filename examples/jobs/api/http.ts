import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { JobQueue, Video } from '../queue.ts';
import { isForUs, isFromUs } from './origin.ts';
import { newSession, userOf } from './session.ts';

const PAGE = readFileSync(new URL('page.html', import.meta.url), 'utf8');
const UPLOAD_LIMIT = '4kb';
const NAME_LIMIT = 200;
/** Unfinished jobs of one user, and waiting jobs of all users: more are refused, so that no user fills the queue. */
const PER_USER = 20;
const OF_ALL = 1000;

const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    `script-src 'self' ${hashOf('script')}`, // 'self' is Socket.IO's client, which this server serves
    `style-src ${hashOf('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "require-trusted-types-for 'script'", // no text becomes HTML
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** The page, and `POST /upload`, which only queues: it responds at once, however long the encoding takes. */
export function createApp(jobs: JobQueue, log: (line: string) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    response.set(HEADERS);
    if (isForUs(request)) next();
    else refuse(response, 421, 'this server has another name');
  });

  app.get('/', (request, response) => {
    if (!userOf(request)) response.set('Set-Cookie', newSession());
    response.type('html').send(PAGE);
  });

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });

  app.post('/upload', express.json({ limit: UPLOAD_LIMIT }), async (request, response) => {
    const user = userOf(request);
    const video = asVideo(request.body);
    if (!isFromUs(request)) return refuse(response, 403, 'comes from another site');
    if (!user) return refuse(response, 401, 'open the page first');
    if (!video) return refuse(response, 400, 'expected JSON: { "name": "holiday.mp4", "size": 1234 }');
    const unfinished = (await jobs.jobsOf(user)).filter(({ state }) => state !== 'done' && state !== 'failed');
    if (unfinished.length >= PER_USER) return refuse(response, 429, 'wait until some of your videos are done');
    if ((await jobs.waiting()) >= OF_ALL) return refuse(response, 503, 'too many videos are waiting');
    const id = await jobs.add(user, video);
    log(`queued ${video.name}`);
    response.status(202).json({ id });
  });

  app.use((error: Error & { status?: number }, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const status = error.status ?? 503; // an error that is not the request's is Redis'
    if (!error.status) log(`refused an upload: ${error.message}`);
    refuse(response, status, status === 503 ? 'not available at the moment' : 'not accepted');
  });
  return app;
}

function refuse(response: Response, status: number, error: string): void {
  response.status(status).json({ error });
}

/** The video in a request. Its name is untrusted text: control characters become visible; the page never uses it as HTML. */
function asVideo(body: unknown): Video | undefined {
  const { name, size } = (body ?? {}) as Partial<Video>;
  if (typeof name !== 'string' || name.trim() === '' || name.length > NAME_LIMIT) return undefined;
  if (!Number.isSafeInteger(size) || (size as number) < 0) return undefined;
  return { name: sanitize(name, NAME_LIMIT), size: size as number };
}

/** The hash of the page's script or style, so that only these may run. */
function hashOf(element: 'script' | 'style'): string {
  const content = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(PAGE)?.[1] ?? '';
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
