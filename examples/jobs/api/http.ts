import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { JobQueue, Video } from '../queue.ts';
import { isForUs, isFromUs } from './origin.ts';
import { addressOf } from './peer.ts';
import type { Visitors } from './visitors.ts';

const PAGE = readFileSync(new URL('page.html', import.meta.url), 'utf8');
const UPLOAD_LIMIT = '4kb';
const NAME_LIMIT = 200;
const FULL = {
  user: [429, 'wait until some of your videos are done'],
  address: [429, 'wait until some of the videos from your address are done'],
  all: [503, 'too many videos are waiting'],
} as const;

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
export function createApp(jobs: JobQueue, visitors: Visitors, log: (line: string) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    response.set(HEADERS);
    if (isForUs(request)) next();
    else refuse(response, 421, 'this server has another name');
  });

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });

  app.use((request, response, next) => {
    if (visitors.requests.take(addressOf(request.socket))) next();
    else refuse(response.set('Retry-After', '1'), 429, 'too many requests from your address');
  });

  app.get('/', (request, response) => {
    if (!visitors.sessions.userOf(request)) response.set('Set-Cookie', visitors.sessions.create());
    response.type('html').send(PAGE);
  });

  app.post('/upload', express.json({ limit: UPLOAD_LIMIT }), async (request, response) => {
    const user = visitors.sessions.userOf(request);
    const video = asVideo(request.body);
    if (!isFromUs(request)) return refuse(response, 403, 'comes from another site');
    if (!user) return refuse(response, 401, 'open the page first');
    if (!video) return refuse(response, 400, 'expected JSON: { "name": "holiday.mp4", "size": 1234 }');
    const added = await jobs.add({ user, address: addressOf(request.socket) }, video);
    if ('full' in added) {
      const [status, reason] = FULL[added.full];
      return refuse(response, status, reason);
    }
    log(`queued ${video.name}`);
    response.status(202).json(added);
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
