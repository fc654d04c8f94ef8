import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../../local/process/node-command.ts';
import { excessOf, type RenderedService } from './bounds.ts';
import { Compose } from './compose.ts';

const BASE = 'docker-compose.yml';
/** Files that go on top of the demo's, such as docker-compose.NAME.yml. */
const OVERLAYS = readdirSync(ROOT).filter((name) => /^docker-compose\..+\.ya?ml$/.test(name));
const FILES = [[BASE], ...OVERLAYS.map((name) => [BASE, name]), ['examples/jobs/docker-compose.yml']];
const COMMANDS = [['docker-compose'], ['docker', 'compose']];
const cases = COMMANDS.flatMap((command) =>
  FILES.map((files) => [command.join(' '), files.join(' with '), command, files] as const),
);

/** The user of the image that a service builds; without one, the image's entry point steps down: see `expectConfined`. */
function imageUserOf({ build }: RenderedService): string | undefined {
  if (!build) return undefined;
  const file = readFileSync(resolve(fileURLToPath(ROOT), build.context, build.dockerfile ?? 'Dockerfile'), 'utf8');
  const lastStage = file.slice(file.lastIndexOf('\nFROM '));
  return /^USER (\S+)$/m.exec(lastStage)?.[1] ?? 'root';
}

describe.each(cases)('by %s, %s', (_command, _files, command, files) => {
  test.each([{}, { REDIS_PORT: 6380, DASHBOARD_PORT: 9000, PORT: 9001 }])(
    'each container does only what it must, within bounds: %j',
    async (env) => {
      const compose = new Compose(command, 'rendered', ...files);
      compose.env = env;
      const { services } = parse(await compose.call('config')) as { services: Record<string, RenderedService> };
      expect(Object.keys(services).length).toBeGreaterThanOrEqual(4);
      for (const [name, service] of Object.entries(services))
        expect([name, ...excessOf(service, imageUserOf(service))]).toEqual([name]);
    },
  );
});

const sound: RenderedService = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  ports: ['127.0.0.1:8080:8080/tcp', { host_ip: '127.0.0.1' }],
  volumes: ['data:/data:rw', { source: '/dev/null' }],
  mem_limit: '256m',
  pids_limit: 100,
  logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
};

describe('what is found in a container', () => {
  test('nothing, if it is as it should be', () => {
    expect(excessOf(sound, 'node')).toEqual([]);
    expect(excessOf({ ...sound, cap_add: ['SETUID', 'SETGID'] }, undefined)).toEqual([]);
  });

  test.each<[string, Partial<RenderedService>]>([
    ['is root', { user: 'root' }],
    ['is root', { user: '0:0' }],
    ['writes to its file system', { read_only: undefined as never }],
    ['keeps capabilities', { cap_drop: ['NET_RAW'] }],
    ['is given capabilities', { cap_add: ['SETUID'] }],
    ['may gain privileges', { security_opt: [] }],
    ['has privileged of the host', { privileged: true }],
    ['has network_mode of the host', { network_mode: 'host' }],
    ['has pid of the host', { pid: 'host' }],
    ['has ipc of the host', { ipc: 'host' }],
    ['is reachable from other machines', { ports: ['8080:8080/tcp'] }],
    ['is reachable from other machines', { ports: ['0.0.0.0:8080:8080/tcp'] }],
    ['is reachable from other machines', { ports: [{}] }],
    ['commands the engine', { volumes: [{ source: '/var/run/docker.sock' }] }],
    ['has no bound of memory', { mem_limit: 0 }],
    ['has no bound of processes', { pids_limit: -1 }],
    ['has no bound of its log', { logging: { driver: 'json-file', options: { 'max-file': '3' } } }],
    ['has no bound of its log', { logging: { driver: 'local', options: { 'max-size': '1m', 'max-file': '3' } } }],
    ['has no bound of the files of its log', { logging: { driver: 'json-file', options: { 'max-size': '1m' } } }],
  ])('that it %s: %j', (excess, change) => {
    expect(excessOf({ ...sound, ...change }, 'node')).toEqual([excess]);
  });

  test('that its image is that of root', () => {
    expect(excessOf(sound, 'root')).toEqual(['is root']);
  });
});
