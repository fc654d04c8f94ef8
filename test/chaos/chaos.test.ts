import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { serviceCommand } from '../../local/process/node-command.ts';
import { until } from '../../testkit/until.ts';

/** How many seconds of faults: CHAOS=180 SEED=2 npm test -- test/chaos */
const CHAOS = Number(process.env.CHAOS ?? 20);
const SEED = Number(process.env.SEED ?? 9);

const ROOT = new URL('../..', import.meta.url);
jest.setTimeout(180_000 + 1000 * CHAOS);

/** The program of `npm run chaos`, with options. */
class Command {
  readonly process;
  readonly exited: Promise<number>;
  stdout = '';
  stderr = '';

  constructor(options: string) {
    this.process = spawn(process.execPath, [...serviceCommand('chaos'), ...options.split(' ')], { cwd: ROOT });
    this.process.stdout.on('data', (data) => {
      this.stdout += data;
    });
    this.process.stderr.on('data', (data) => {
      this.stderr += data;
    });
    this.exited = once(this.process, 'close').then(([code]) => code);
    started.push(this);
  }

  get output(): string {
    return this.stderr + this.stdout;
  }
}

const started: Command[] = [];
afterEach(async () => {
  for (const command of started.splice(0)) {
    command.process.kill('SIGTERM'); // in order, so that it continues what it has stopped
    await command.exited;
  }
});

describe('npm run chaos', () => {
  test(`${CHAOS} s of random faults break no promise (seed ${SEED})`, async () => {
    const command = new Command(`--seconds ${CHAOS} --seed ${SEED}`);
    expect([await command.exited, command.output]).toEqual([0, expect.stringContaining('Every promise was kept')]);
    for (const { name } of patterns) expect(command.stdout).toMatch(new RegExp(`^ +${name} +[1-9]`, 'm'));
    expect(command.stdout).toMatch(/^\d+ faults \(/m);
  });

  test('Ctrl-C ends it, and all that it has started', async () => {
    const command = new Command('--minutes 1 --patterns stream --only freeze');
    await until('the faults', () => command.stderr.includes('accepted'), 60_000);
    command.process.kill('SIGINT');
    expect([await command.exited, command.output]).toEqual([130, expect.stringContaining('Stopping (SIGINT)')]);
  });

  test('wrong options are all named, and nothing starts', async () => {
    const command = new Command('--patterns fax --seconds 1 --only rain');
    expect(await command.exited).toBe(2);
    expect(command.stderr.split('\n')).toEqual([
      expect.stringMatching(/^chaos: --patterns fax: expected one of pubsub/),
      expect.stringMatching(/^chaos: --seconds 1: expected a number from 5 /),
      expect.stringMatching(/^chaos: --only rain: expected some of kill, /),
      '',
    ]);
    expect(command.stdout).toBe('');
  });
});
