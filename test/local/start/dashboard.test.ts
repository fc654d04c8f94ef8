import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Snapshot } from '@redis-messaging/shared/live/protocol';
import type { Answer, Request } from '@redis-messaging/shared/live/supervisor';
import { serviceCommand } from '../../../local/process/node-command.ts';
import { until } from '../../../testkit/until.ts';
import { LivePage } from '../../support/live-page.ts';
import { ProjectCopy } from '../../support/project-copy.ts';
import { startRedis } from '../../support/redis.ts';
import { Start } from './npm-start.ts';

/** In place of the dashboard: passes requests on to `npm start`, and tells what is answered. */
const STAND_IN = `
import { once } from 'node:events';
import { createServer } from 'node:http';
const server = createServer(async (request, response) => {
  process.send!(JSON.parse(await new Response(request).text()));
  const [answer] = await once(process, 'message');
  response.end(JSON.stringify(answer));
}).listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.send!({ event: 'listening', url: 'http://127.0.0.1:' + port + '/#' + process.env.DASHBOARD_PORT });
});
for (const event of ['disconnect', 'SIGTERM']) process.once(event, () => process.exit(0));
`;

let project: ProjectCopy;
beforeAll(async () => {
  project = await ProjectCopy.make();
  await project.write('dashboard/server/main.ts', STAND_IN);
});
afterAll(() => project[Symbol.asyncDispose]());

const startCopy = (env: Record<string, string | number>) =>
  new Start(env, process.execPath, serviceCommand('start'), project.folder);

/** Asks as the dashboard does. */
async function ask(start: Start, request: Omit<Request, 'request'>): Promise<Answer> {
  const url = /http:\S+/.exec(await start.says('Watch it live: '))?.[0] as string;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ request: 7, ...request }) });
  return (await response.json()) as Answer;
}
const done = { answer: 7, ok: true };
const refused = (reason: string) => ({ answer: 7, ok: false, reason: expect.stringContaining(reason) });

describe('npm start with a page', () => {
  test('names its address, and kills, freezes, adds and removes what it has started', async () => {
    const env = {
      DASHBOARD_PORT: '',
      PATTERN: 'queue,stream',
      PUBLISH_INTERVAL: 0.05,
      CONSUMER: 'first',
      RECLAIM_AFTER: 1,
      LOG_FORMAT: 'json',
    };
    await using start = startCopy(env);
    expect(await start.says('Watch it live: ')).toMatch(/#8080$/);
    await using page = await LivePage.open(await start.connect());
    await page.look();
    const last = (name: string) => page.snapshots('subscriber').findLast((each) => each.name === name);
    const later = (name: string, is: (snapshot: Snapshot) => boolean = () => true) => {
      const now = Date.now();
      return until(
        `${name}`,
        () => page.snapshots('subscriber').find((each) => each.name === name && each.at > now && is(each)),
        30_000,
      );
    };
    const { instance, pid } = await page.snapshot('subscriber');

    expect(await ask(start, { do: 'kill', instance: 'nobody' })).toEqual(refused('nothing of this instance'));
    expect(await ask(start, { do: 'kill' })).toEqual(refused('nothing of this instance'));
    expect(await ask(start, { do: 'kill', instance: (await page.snapshot('publisher')).instance })).toEqual(
      refused('nothing of this instance'),
    );
    expect(await ask(start, { do: 'kill', instance })).toEqual(done);
    await start.says('subscriber ended with SIGKILL; starting it again as first');
    const next = await later('first', (each) => each.instance !== instance);
    expect(next.pid).not.toBe(pid);

    expect(await ask(start, { do: 'add-subscriber' })).toEqual(done);
    expect(await ask(start, { do: 'add-subscriber', group: 'a b' })).toEqual(refused('expected a group'));
    expect(await ask(start, { do: 'add-subscriber', group: 'late' })).toEqual(done);
    await later('first-2', ({ lately }) => (lately.queue?.out ?? 0) > 0);
    expect((await later('first-3')).group).toBe('late');
    expect(await ask(start, { do: 'add-subscriber' })).toEqual(done);
    expect(await ask(start, { do: 'add-subscriber' })).toEqual(refused('4 subscribers already'));

    const second = last('first-2')?.instance as string;
    expect(await ask(start, { do: 'thaw', instance: second })).toEqual(refused('not frozen'));
    expect(await ask(start, { do: 'freeze', instance: second })).toEqual(done);
    expect(await ask(start, { do: 'freeze', instance: second })).toEqual(refused('frozen already'));
    await later('first');
    await until('a second without it', () => (last('first')?.at ?? 0) > (last('first-2')?.at ?? 0) + 1000);
    expect(await ask(start, { do: 'thaw', instance: second })).toEqual(done);
    await later('first-2');

    expect(await ask(start, { do: 'remove-subscriber', instance: next.instance })).toEqual(
      refused('only a subscriber that was added'),
    );
    expect(await ask(start, { do: 'remove-subscriber', instance: second })).toEqual(done);
    await start.says('subscriber2 | {');
    expect(await ask(start, { do: 'freeze', instance: last('first-3')?.instance as string })).toEqual(done); // to the end

    start.process.kill('SIGTERM');
    expect(await start.exited).toBe(0);
    await start.says('What was made, and what became of it');
    const report = start.lines.findLast((line) => /^subscriber +\|.*"event":"stopped"/.test(line)) as string;
    const { stream } = JSON.parse(report.slice(report.indexOf('{'))).patterns;
    expect(stream).toMatchObject({ handled: stream.accepted, lost: 0, unexplained: 0 });
    expect(Object.keys(stream.shares)).toEqual(expect.arrayContaining(['first', 'first-2']));
    expect(start.count(/nobody can tell why/)).toBe(0);
  });

  test('stops its Redis and starts it again', async () => {
    await using start = startCopy({ DASHBOARD_PORT: 8123, PATTERN: 'queue', PUBLISH_INTERVAL: 0.05 });
    expect(await start.says('Watch it live: ')).toMatch(/#8123$/);
    expect(await ask(start, { do: 'start-redis' })).toEqual(refused('was not stopped'));
    expect(await ask(start, { do: 'stop-redis' })).toEqual(done);
    await start.says('Redis was stopped by the live page');
    expect(await ask(start, { do: 'stop-redis' })).toEqual(refused('stopped already'));
    expect(start.count(/Redis is back/)).toBe(0);
    expect(await ask(start, { do: 'start-redis' })).toEqual(done);
    await start.says('Redis is back');
    await start.says('Reconnected to Redis');
    expect(await ask(start, { do: 'flush' as 'kill' })).toEqual(refused('expected one of'));
    start.process.kill('SIGTERM');
    expect(await start.exited).toBe(0);
  });

  test('goes on without a page that does not start', async () => {
    await using broken = await ProjectCopy.make();
    await broken.write('dashboard/server/main.ts', 'process.exit(3);');
    const env = { DASHBOARD_PORT: '', PUBLISH_INTERVAL: 0.05 };
    await using start = new Start(env, process.execPath, serviceCommand('start'), broken.folder);
    await start.says('The live page did not start (exit code 3); the demo goes on without it');
    const { length } = start.lines;
    await until('further messages', () => start.lines.length > length + 20);
    start.process.kill('SIGTERM');
    expect(await start.exited).toBe(0);
    expect(start.count(/live page/)).toBe(1);
  });

  test('has no page for a Redis that it has not started, unless asked', async () => {
    const redis = await startRedis();
    const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: redis.port, PUBLISH_INTERVAL: 0.05 };
    await using without = startCopy({ ...env, DASHBOARD_PORT: '', MESSAGE_COUNT: 20 });
    expect(await without.exited).toBe(0);
    expect(without.count(/Watch it live/)).toBe(0);
    await using asked = startCopy({ ...env, DASHBOARD_PORT: 8124 });
    await asked.says('Watch it live');
    expect(await ask(asked, { do: 'stop-redis' })).toEqual(refused('Redis does not run'));
    asked.process.kill('SIGTERM');
    expect(await asked.exited).toBe(0);
    await redis.stop();
  });
});
