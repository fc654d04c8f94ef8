import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Visitor } from '../../examples/jobs/visitor.ts';
import { freePort } from '../../local/redis/redis-server.ts';
import { until } from '../../testkit/until.ts';
import { Compose, docker, expectConfined } from './compose.ts';

const SERVICES = ['redis', 'api-1', 'api-2', 'worker', 'front'];

describe.each([
  ['docker-compose', ['docker-compose']],
  ['docker compose', ['docker', 'compose']],
] as const)('the example jobs by %s', (name, command) => {
  const project = `rmp-jobs-${name.replace(/\W+/g, '-')}`;
  const compose = new Compose(command, project, 'examples/jobs/docker-compose.yml');
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    await compose.up({ PORT: port, JOB_SECONDS: 8 }, '--build', '--scale', 'worker=2');
    await compose.healthy('front');
  });
  afterAll(async () => {
    await compose.call('down', '--volumes', '--timeout', '20');
  });

  test('both API processes serve a user; a job whose worker is killed is done by the other', async () => {
    using ann = await Visitor.arrive(url);
    const apis = new Set<string>();
    await until('both to have answered', async () => apis.add(await ann.open()).size === 2);
    expect(apis).toEqual(new Set(['api-1', 'api-2']));
    const workers = await compose.containers('worker'); // before the job begins: to ask takes as long as a part of it
    expect(await ann.upload('holiday.mp4')).toBe(202);
    const { worker: victim } = await ann.sees('holiday.mp4', ({ progress }) => progress >= 30);
    const container = workers.find((id) => id.startsWith(victim)) as string;
    await docker('kill', container);
    const { attempt, worker } = await ann.sees('holiday.mp4', ({ state }) => state === 'done');
    expect(attempt).toBe(2);
    expect(workers.find((id) => id.startsWith(worker))).not.toBe(container);
  });

  test('only loopback of the host leads in; all containers are confined; all stop in good order', async () => {
    expect(await compose.call('port', 'front', '3000')).toMatch(/^127\.0\.0\.1:\d+$/);
    const containers = (await Promise.all(SERVICES.map((service) => compose.containers(service)))).flat();
    for (const container of containers) {
      if ((await docker('inspect', '-f', '{{.State.Running}}', container)) === 'true') await expectConfined(container);
    }
    const parts = (
      await Promise.all(['api-1', 'api-2', 'worker', 'front'].map((service) => compose.containers(service)))
    ).flat();
    await compose.call('stop');
    const codes = await Promise.all(parts.map((id) => docker('inspect', '-f', '{{.State.ExitCode}}', id)));
    expect(codes.filter((code) => code !== '0')).toEqual(codes.includes('137') ? ['137'] : []); // 137: the one that was killed
  });
});
