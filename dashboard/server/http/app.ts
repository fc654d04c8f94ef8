import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { ControlAnswer, MessageHistory } from '../../wire/wire.ts';
import type { Assets } from '../bundle/bundle.ts';
import type { Browsers } from '../stream/browsers.ts';
import { type Guarded, problemOfControl, problemOfName } from './guard.ts';
import { HEADERS } from './headers.ts';

const BODY_LIMIT = '8kb';

/** What the application serves. */
export interface Served {
  readonly assets: Assets;
  readonly browsers: Browsers;
  /** What controls need; `undefined` = there are none. */
  readonly token: string | undefined;
  /** Where the server listens; known once it does. */
  guarded(): Guarded;
  historyOf(key: string): MessageHistory | undefined;
  /** What each control does with the body of its request. */
  readonly controls: Readonly<Record<string, (body: unknown) => Promise<ControlAnswer>>>;
}

/** The page, its stream, a message's history, and the controls. */
export function createApp({ assets, browsers, token, guarded, historyOf, controls }: Served): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    response.set(HEADERS);
    const problem = problemOfName(request.headers, guarded());
    if (problem) refuse(response, 421, problem);
    else next();
  });

  for (const [path, { type, body }] of assets)
    app.get(path, (_request, response) => {
      response.set('Content-Type', type).send(body);
    });

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true, pages: browsers.count });
  });

  app.get('/events', (_request, response) => {
    if (!browsers.add(response)) refuse(response, 503, 'too many pages are open');
  });

  app.get('/messages/:key', (request, response) => {
    const history = historyOf(request.params.key);
    if (history) response.json(history);
    else refuse(response, 404, 'this message is not remembered');
  });

  app.post('/controls/:name', (request, response, next) => {
    const problem = token === undefined ? 'there are no controls here' : problemOfControl(request.headers, token);
    if (problem) refuse(response, 403, problem);
    else next();
  });
  app.post('/controls/:name', express.json({ limit: BODY_LIMIT }), async (request, response) => {
    const { name } = request.params;
    const control = Object.hasOwn(controls, name) ? controls[name] : undefined;
    if (!control) return refuse(response, 404, 'there is no such control');
    const answer = await control(request.body);
    response.status(answer.ok ? 200 : 409).json(answer);
  });

  app.use((_request, response) => refuse(response, 404, 'there is nothing here'));
  app.use((error: Error & { status?: number }, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    refuse(response, error.status ?? 500, 'not accepted');
  });
  return app;
}

function refuse(response: Response, status: number, reason: string): void {
  response.status(status).json({ ok: false, reason });
}
