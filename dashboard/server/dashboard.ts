import { refusalLog } from '@redis-messaging/shared/messaging/refusal-log';
import { pageAssets } from './bundle/bundle.ts';
import { Controls } from './controls.ts';
import { createApp } from './http/app.ts';
import { type Listening, listen } from './http/listen.ts';
import { Live } from './live/live.ts';
import { Watch } from './live/watch.ts';
import type { Settings } from './settings.ts';
import { Browsers } from './stream/browsers.ts';
import { Supervisor } from './supervisor.ts';

/** From one batch for the pages to the next: ms. Twenty frames a second. */
const BATCH_EVERY_MS = 50;

/** A dashboard that serves its page. */
export interface Dashboard {
  /** The page's address, with the token for controls in its fragment. */
  readonly url: string;
  readonly port: number;
  readonly browsers: Browsers;
  readonly live: Live;
  close(): Promise<void>;
}

/** Starts it. @throws if the port is taken, or the page cannot be built */
export async function startDashboard(settings: Settings): Promise<Dashboard> {
  const { host, port, mayMove, token } = settings;
  const supervisor = new Supervisor();
  const live = new Live((done) => controls.done(done));
  const watch = new Watch(settings.redis, {
    announced: (announcement) => live.hear(announcement, Date.now()),
    redis: (state) => live.hearRedis(state),
    places: () => live.places,
    refused: refusalLog({ info: say, warn: say, error: say }),
  });
  const controls = new Controls(live, watch, supervisor);
  const can = () => ({
    controls: token !== undefined,
    requests: supervisor.requests,
    containers: settings.isInContainer,
  });
  const browsers = new Browsers(
    () => ({ ...live.snapshot(Date.now()), can: can(), redis: watch.redis }),
    (open) => {
      watch.set(open > 0);
      if (open === 0) live.pause();
    },
  );

  let listening: Listening | undefined;
  const app = createApp({
    assets: await pageAssets(),
    browsers,
    token,
    guarded: () => ({ address: listening?.address ?? '127.0.0.1', host }),
    historyOf: (key) => live.historyOf(key),
    controls: {
      service: (body) => controls.control(body),
      start: (body) => controls.request(body),
      cut: (body) => controls.cut(body),
    },
  });
  listening = await listen(app, host, port, mayMove);
  const timer = setInterval(() => {
    if (browsers.count === 0) return;
    const now = Date.now();
    live.tick(now);
    const batch = live.changes(now);
    if (batch) browsers.send(batch);
  }, BATCH_EVERY_MS);
  const { server, port: given } = listening;
  const url = `http://${shown(host)}:${given}/${token ? `#${token}` : ''}`;
  supervisor.tellUrl(url);
  return {
    url,
    port: given,
    browsers,
    live,
    async close() {
      clearInterval(timer);
      watch.set(false);
      browsers.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function say(_fields: object, text: string): void {
  process.stderr.write(`dashboard: ${text}\n`);
}

/** The host as it stands in an address that a browser here can open. */
function shown(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
