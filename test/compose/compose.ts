import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { type Environment, stringsOf } from '../../local/process/environment.ts';
import type { Line } from '../../testkit/service-process.ts';
import { until } from '../../testkit/until.ts';

const run = promisify(execFile);
/** What a command of docker prints. */
export const docker = async (...args: string[]) => (await run('docker', args, { maxBuffer: 2 ** 28 })).stdout.trim();

/** Compose files, of this checkout unless a path says otherwise, under a project name of their own. */
export class Compose {
  readonly #command: readonly string[];
  readonly project: string;
  env: Environment = { LOG_FORMAT: 'json', PUBLISH_INTERVAL: 0.1 };

  /** @param files the demo's, unless others are given */
  constructor(command: readonly string[], project: string, ...files: readonly string[]) {
    const all = files.length > 0 ? files : ['docker-compose.yml'];
    this.#command = [...command, ...all.flatMap((file) => ['-f', file])];
    this.project = project;
  }

  async call(...args: string[]): Promise<string> {
    const [program, ...first] = this.#command;
    const own = stringsOf(this.env);
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...own };
    try {
      const { stdout } = await run(program as string, [...first, '-p', this.project, ...args], {
        env,
        maxBuffer: 2 ** 28,
      });
      return stdout.trim();
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${args.join(' ')}: ${stdout}\n${stderr}`);
    }
  }

  async up(env: Environment = {}, ...args: string[]): Promise<void> {
    this.env = { ...this.env, ...env };
    await this.call('up', '-d', ...args);
  }

  async containers(service: string): Promise<string[]> {
    return (await this.call('ps', '-q', service)).split('\n').filter(Boolean);
  }

  async container(service: string): Promise<string> {
    return (await this.containers(service))[0] as string;
  }

  /** The JSON lines of a container's log. */
  async lines(container: string): Promise<Line[]> {
    const lines = (await docker('logs', container)).split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line));
  }

  async healthy(...services: string[]): Promise<void> {
    for (const service of services) {
      await until(
        `${service} to be healthy`,
        async () => {
          const ids = await this.containers(service);
          const states = await Promise.all(ids.map((id) => docker('inspect', '-f', '{{.State.Health.Status}}', id)));
          return states.length > 0 && states.every((state) => state === 'healthy');
        },
        60_000,
      );
    }
  }

  /** What everybody sees who may ask the engine: of the containers of these services, and their logs. */
  async listings(...services: string[]): Promise<string> {
    const ids = (await Promise.all(services.map((service) => this.containers(service)))).flat();
    const inspected = await docker('inspect', ...ids);
    return [inspected, await this.call('ps'), await this.call('logs'), await docker('ps', '--no-trunc')].join('\n');
  }

  async received(container: string, pattern: string): Promise<Line[]> {
    return (await this.lines(container)).filter((line) => line.event === 'received' && line.pattern === pattern);
  }

  async receives(container: string, pattern: string, count = 5): Promise<void> {
    await until(
      `${count} messages by ${pattern}`,
      async () => (await this.received(container, pattern)).length >= count,
      60_000,
    );
  }
}

/** Its programs are not root and have no capabilities, it cannot write to its file system, and all that it may use is bounded. */
export async function expectConfined(container: string): Promise<void> {
  const script =
    'for p in /proc/[0-9]*; do case $(tr "\\0" " " <$p/cmdline) in node*|*-server*) grep -E "^(Uid|CapEff|CapPrm|NoNewPrivs)" $p/status;; esac; done';
  const status = await docker('exec', container, 'sh', '-c', script);
  const values = (field: string) => [...status.matchAll(RegExp(`^${field}:\\s+(\\w+)`, 'gm'))].map((match) => match[1]);
  expect(values('Uid').length).toBeGreaterThan(0);
  expect(values('Uid')).not.toContain('0');
  expect(new Set([...values('CapEff'), ...values('CapPrm')])).toEqual(new Set(['0000000000000000']));
  expect(new Set(values('NoNewPrivs'))).toEqual(new Set(['1']));
  await expect(docker('exec', container, 'sh', '-c', 'echo x >/file')).rejects.toThrow(/[Rr]ead-only/);
  const { Memory, PidsLimit, LogConfig } = JSON.parse(await docker('inspect', '-f', '{{json .HostConfig}}', container));
  expect([Memory > 0, PidsLimit > 0, LogConfig]).toEqual([
    true,
    true,
    { Type: 'json-file', Config: { 'max-size': expect.any(String), 'max-file': expect.any(String) } },
  ]);
}
