import type { ServiceReport } from '@redis-messaging/shared/service/reporting';
import { type Environment, stringsOf } from '../process/environment.ts';
import { type Launched, launch } from '../process/launch.ts';
import { serviceCommand } from '../process/node-command.ts';
import { hasColours, printLine } from '../process/print-line.ts';
import type { Facts } from './facts.ts';

/** One of the demo's two services, in a process that is loading it, holds it, or runs it. */
export interface DemoService {
  readonly name: string;
  /** Stands before each of its lines. */
  readonly label: string;
  readonly program: Launched;
  /** Resolves while it is loading, with what the configuration says. */
  readonly facts: Promise<Facts>;
  /** The last report of each kind. */
  readonly reports: Partial<Record<ServiceReport['event'], ServiceReport>>;
  /** Resolves when it reports that it is ready, with the time: steady ms. */
  readonly ready: Promise<number>;
  /** Lets it begin, as soon as it is loaded, with further environment variables. To be called once. */
  release(env: Environment): void;
  /** Stops it in order, or ends it if it has not begun. @returns its exit code; 1 if a signal ended it */
  stop(): Promise<number>;
}

/**
 * Loads a service from source, and holds it until it is released. It is configured as this process is; each of its lines goes to
 * standard output behind its label.
 */
export function loadDemoService(name: string, label = name): DemoService {
  const reports: DemoService['reports'] = {};
  const tell = { ready: (_at: number): void => {}, facts: (_facts: Facts): void => {} };
  const ready = new Promise<number>((resolve) => {
    tell.ready = resolve;
  });
  const facts = new Promise<Facts>((resolve) => {
    tell.facts = resolve;
  });
  const program = launch({
    command: ['--import', './local/start/hold.mjs', ...serviceCommand(name)],
    env: { ...process.env, ...(hasColours() && { FORCE_COLOR: '1' }) },
    onLine: (line) => printLine(label, line),
    onMessage: (message: ServiceReport | { event: 'facts'; facts: Facts }) => {
      if (message.event === 'facts') return tell.facts(message.facts);
      reports[message.event] = message;
      if (message.event === 'ready') tell.ready(performance.now());
    },
  });
  let isReleased = false;
  return {
    name,
    label,
    program,
    facts,
    reports,
    ready,
    release(env) {
      isReleased = true;
      if (program.process.connected) program.process.send({ env: stringsOf(env) }, () => {}); // else it has ended
    },
    async stop() {
      if (program.isRunning) program.process.kill(isReleased ? 'SIGTERM' : 'SIGKILL');
      const how = await program.exited;
      if (!isReleased) return 0;
      return typeof how === 'number' ? how : 1;
    },
  };
}
