import { spawn } from 'node:child_process';
import type { Service } from '../service.ts';
import type { System } from '../system.ts';
import { type Fault, oneOf, type Random } from './fault.ts';

/** One that runs: mostly a subscriber. */
function victim({ publishers, subscribers }: System, random: Random): Service {
  const chosen = random(4) === 0 ? publishers : subscribers;
  return oneOf(
    chosen.filter(({ isRunning }) => isRunning),
    random,
  );
}

export const kill: Fault = {
  name: 'kill',
  about: 'SIGKILL of a service, which starts again later',
  lasts: [100, 4000],
  async inject(system, random) {
    const service = victim(system, random);
    await service.end('SIGKILL');
    return { what: `SIGKILL of ${service.name}`, undo: async () => service.start() };
  },
};

export const restart: Fault = {
  name: 'restart',
  about: 'SIGTERM of a service, which must end in order whatever goes on, and starts again later',
  lasts: [100, 2000],
  async inject(system, random) {
    const service = victim(system, random);
    await service.end('SIGTERM');
    return { what: `SIGTERM of ${service.name}`, undo: async () => service.start() };
  },
};

export const freeze: Fault = {
  name: 'freeze',
  about: 'SIGSTOP of a service, later SIGCONT',
  lasts: [300, 6000],
  async inject(system, random, ms) {
    const service = victim(system, random);
    const { pid } = service.current;
    // By a shell, which goes on if this process is killed meanwhile: nobody else would wake up a service that stands still.
    const script = `kill -STOP ${pid}; sleep ${ms / 1000}; kill -CONT ${pid}`;
    const shell = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
    shell.unref();
    const undo = () =>
      new Promise<void>((resolve) => {
        if (shell.exitCode !== null) resolve();
        else shell.once('exit', () => resolve());
      });
    return { what: `SIGSTOP of ${service.name}`, frozen: service.name, undo };
  },
};

export const sameName: Fault = {
  name: 'same-name',
  about: 'a further subscriber by the CONSUMER name of another one',
  lasts: [2000, 8000],
  async inject(system, random) {
    const service = oneOf(
      system.subscribers.filter(({ isRunning, isShared }) => isRunning && !isShared),
      random,
    );
    const twin = system.twinOf(service);
    service.isShared = true;
    twin.isShared = true;
    twin.start();
    const stays = random(3) === 0;
    return {
      what: `a second subscriber by the name of ${service.name}${stays ? ', which stays to the end' : ''}`,
      async undo() {
        if (stays) return;
        await twin.end('SIGTERM');
        service.isShared = false;
        service.start(); // it may have had to give way
      },
    };
  },
};
