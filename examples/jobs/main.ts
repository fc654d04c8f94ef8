import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { freePort, isTaken } from '../../local/redis/redis-server.ts';
import type { Example, Scene } from '../example.ts';
import { play } from './demo.ts';
import type { Address } from './front/front.ts';
import { type Settings, System } from './system.ts';

const PORT = 3000;

/** Browser, API, queue, worker, Pub/Sub, and back to the browser: the whole path of a job, with a page. */
export const jobs: Example = {
  about: 'a web page with live progress: API, queue, worker, Pub/Sub, WebSocket (`jobs demo` runs without a browser)',
  demoArgs: ['demo'],

  async run(scene) {
    const settings = { redisUrl: scene.redisUrl, prefix: `example-jobs:${randomUUID()}` };
    await scene.own(`${settings.prefix}:*`);
    await (scene.args[0] === 'demo' ? play(scene, settings) : serve(scene, settings));
  },
};

/** Serves the page until Ctrl-C. */
async function serve({ say, signal }: Scene, settings: Omit<Settings, 'say'>): Promise<void> {
  await using system = await System.start({ ...settings, listen: await address(), say });
  void keepWorking(system, say, signal);
  say('jobs', `open ${system.url} in one browser, or in two; Ctrl-C ends`);
  if (!signal.aborted) await once(signal, 'abort');
}

/** Replaces a worker that dies: kill one in the middle of a video, and see. */
async function keepWorking(system: System, say: Scene['say'], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const worker = await system.startWorker();
      say(worker.name, `works, as process ${worker.process.pid}`);
      await worker.ended;
      if (!signal.aborted) say(worker.name, 'has ended; another one starts');
    } catch (error) {
      if (signal.aborted) return;
      say('jobs', (error as Error).message);
      return;
    }
  }
}

/** Only this machine reaches it, unless HOST says otherwise. */
async function address(): Promise<Address> {
  const { HOST: host = '127.0.0.1', PORT: port } = process.env;
  if (port !== undefined) return { host, port: Number(port) };
  return { host, port: (await isTaken(PORT)) ? await freePort() : PORT };
}
