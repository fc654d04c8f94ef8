import type { FromDashboard } from '@redis-messaging/shared/live/supervisor';
import type { Environment } from '../../process/environment.ts';
import { type Launched, launch } from '../../process/launch.ts';
import { scriptCommand } from '../../process/node-command.ts';
import { hasColours, printLine } from '../../process/print-line.ts';
import type { DemoFacts } from '../facts.ts';
import { answer, type Supervised } from './requests.ts';

const PROGRAM = 'dashboard/server/main.ts';
const USUAL_PORT = 8080;

/** The port that the live page is to have: 0 = none. For a Redis that the demo has not started, only if it is asked for. */
export const portOf = ({ DASHBOARD_PORT }: DemoFacts, isPrivate: boolean): number =>
  DASHBOARD_PORT ?? (isPrivate ? USUAL_PORT : 0);

/** Starts the live page, and does what it asks for. The demo goes on without it, if it does not start or ends. */
export class Dashboard {
  readonly #program: Launched;
  #isListening = false;
  #isStopping = false;

  /** @param env of the services, and DASHBOARD_PORT */
  constructor(env: Environment, supervised: Supervised, say: (line: string) => void) {
    this.#program = launch({
      command: scriptCommand(PROGRAM),
      env: { ...process.env, ...env, ...(hasColours() && { FORCE_COLOR: '1' }) },
      onLine: (line) => !this.#isStopping && printLine('dashboard', line),
      onMessage: (message: FromDashboard) => {
        if ('request' in message) this.#send(answer(message, supervised));
        else if (message.event === 'listening') {
          this.#isListening = true;
          say(`Watch it live: ${message.url}`);
        }
      },
    });
    void this.#program.exited.then((how) => {
      if (this.#isStopping) return;
      const did = this.#isListening ? 'ended' : 'did not start';
      say(`The live page ${did} (${typeof how === 'number' ? `exit code ${how}` : how}); the demo goes on without it`);
    });
  }

  /** Stops it; at once, if it does not serve yet. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#program.isRunning) await this.#program.stop(this.#isListening ? 'SIGTERM' : 'SIGKILL');
  }

  #send(message: object): void {
    if (this.#program.process.connected) this.#program.process.send(message, () => {}); // else it has ended
  }
}
