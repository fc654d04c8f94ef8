import type { Environment } from '../../process/environment.ts';
import { type DemoService, loadDemoService } from '../demo-service.ts';
import { MOST_QUICK_DEATHS, QuickDeaths } from './quick-deaths.ts';

/** A subscriber that is started again when it ends. */
export interface KeptSubscriber {
  /** The last instance. */
  readonly service: DemoService;
  /** Whether the last instance has reported that it is ready. */
  readonly isReady: boolean;
  /** Resolves when an instance is ready for the first time. */
  readonly ready: Promise<unknown>;
  /** Resolves when it is not started again, with the reason: its configuration is wrong, or it ends again and again. */
  readonly failed: Promise<string>;
  /** Kills the last instance, because somebody wants to see that: it is started again however often that is done. */
  kill(): void;
  /** Stops it in order, for good. @returns the exit code of its last instance; 1 if a signal ended that */
  stop(): Promise<number>;
}

/** How to keep a subscriber. */
export interface KeepOptions {
  /** What it lacks; its name among them, under which each instance goes on with the account of the last. */
  readonly env: Environment & { readonly CONSUMER: string };
  /** The patterns that keep no message for a subscriber that is not there. */
  readonly lossy: readonly string[];
  readonly say: (line: string) => void;
}

/** Lets a loaded subscriber begin, and starts it again whenever it ends. */
export function keepSubscriber(first: DemoService, { env, lossy, say }: KeepOptions): KeptSubscriber {
  let service = first;
  const { label } = first;
  let isStopping = false;
  /** The instance that was killed on purpose. */
  let killed: DemoService | undefined;
  let tellReady = (_at: number): void => {};
  const ready = new Promise<number>((resolve) => {
    tellReady = resolve;
  });
  const meanwhile = lossy.length > 0 ? `; messages of ${lossy.join(', ')} had no subscriber meanwhile` : '';

  async function keep(): Promise<string> {
    const deaths = new QuickDeaths();
    while (true) {
      const { how, readyMs } = await endOf(service);
      if (isStopping) return await new Promise(() => {});
      const ended = `${label} ended with ${typeof how === 'number' ? `exit code ${how}` : how}`;
      if (service === first && readyMs === undefined && typeof how === 'number') return ended; // a mistake: again is of no use
      if (service !== killed && deaths.areTooMany(readyMs ?? 0))
        return `${ended}, ${MOST_QUICK_DEATHS} times in a row within seconds`;
      startAgain(performance.now());
      say(`${ended}; starting it again as ${env.CONSUMER} (process ${service.program.process.pid})`);
    }
  }

  function startAgain(endedAt: number): void {
    service = loadDemoService(first.name, label);
    service.release(env);
    void service.ready.then((readyAt) => {
      tellReady(readyAt);
      say(`${label} is back after ${((readyAt - endedAt) / 1000).toFixed(1)} s${meanwhile}`);
    });
  }

  service.release(env);
  void service.ready.then(tellReady);
  return {
    get service() {
      return service;
    },
    get isReady() {
      return service.program.isRunning && service.reports.ready !== undefined;
    },
    ready,
    failed: keep(),
    kill() {
      killed = service;
      service.program.process.kill('SIGKILL');
    },
    async stop() {
      isStopping = true;
      return await service.stop();
    },
  };
}

/** Waits until it has ended. @returns how, and for how many ms it was ready before, if it was */
async function endOf(service: DemoService): Promise<{ how: number | string; readyMs?: number }> {
  let readyAt: number | undefined;
  void service.ready.then((at) => {
    readyAt = at;
  });
  const how = await service.program.exited;
  return readyAt === undefined ? { how } : { how, readyMs: performance.now() - readyAt };
}
