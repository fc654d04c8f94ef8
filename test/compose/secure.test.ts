import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { type Connection, connect } from '@redis-messaging/shared/redis/connection';
import { until } from '../../testkit/until.ts';
import { argumentsOfAll } from '../support/arguments.ts';
import { ProjectCopy } from '../support/project-copy.ts';
import { startService } from '../support/start-service.ts';
import { Compose, docker, expectConfined } from './compose.ts';

const SERVICES = ['redis', 'subscriber', 'publisher', 'dashboard'];
const FILES = ['docker-compose.yml', 'docker-compose.secure.yml'];

/** A copy of the project, whose secrets are nobody's. */
let copy: ProjectCopy;
/** The contents of its secrets/ by their names. */
const secrets = new Map<string, string>();

beforeAll(async () => {
  copy = await ProjectCopy.make();
  await copy.npm('secure');
  for (const name of await readdir(join(copy.folder, 'secrets'))) secrets.set(name, await copy.read(`secrets/${name}`));
});
afterAll(async () => {
  await copy[Symbol.asyncDispose]();
});

test('secrets are made once; what is there is replaced only if that is asked for', async () => {
  await expect(copy.npm('secure')).rejects.toThrow(/there are secrets already.*npm run secure -- --replace/);
  for (const [name, content] of secrets) expect(await copy.read(`secrets/${name}`)).toBe(content);
  expect(await copy.npm('secure', ['--replace'])).toContain('--force-recreate');
  for (const [name, content] of secrets) {
    expect(await copy.read(`secrets/${name}`)).not.toBe(content);
    secrets.set(name, await copy.read(`secrets/${name}`));
  }
});

describe.each([
  ['docker-compose', ['docker-compose']],
  ['docker compose', ['docker', 'compose']],
] as const)('the secure demo by %s', (name, command) => {
  let compose: Compose;
  let port: number;
  const connections: Connection[] = [];

  beforeAll(async () => {
    const paths = FILES.map((file) => join(copy.folder, file));
    compose = new Compose(command, `rmp-secure-${name.replace(/\W+/g, '-')}`, ...paths);
    await compose.up({ PATTERN: 'all' }, '--build');
    await compose.healthy(...SERVICES);
    port = Number((await compose.call('port', 'redis', '6379')).split(':').at(-1));
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await compose.call('down', '--volumes', '--timeout', '20');
  });

  /** A connection to its Redis as this user. */
  async function as(username: string): Promise<Redis> {
    const password = secrets.get(`${username}.password`)?.trim() ?? '';
    const socket = { host: '127.0.0.1', port, tls: true, ca: secrets.get('ca.crt') } as const;
    const connection = await connect({ socket, username, password }, {}, AbortSignal.timeout(10_000));
    connections.push(connection);
    return connection.client;
  }

  test('the page shows both services, and its controls work', async () => {
    const address = await compose.call('port', 'dashboard', '8080');
    expect(address).toMatch(/^127\.0\.0\.1:80[89]\d$/);
    const events = await fetch(`http://${address}/events`);
    let heard = '';
    for await (const chunk of events.body ?? []) {
      heard += Buffer.from(chunk).toString();
      if (/"publisher"/.test(heard) && /"subscriber"/.test(heard) && /"handled"/.test(heard)) break;
    }
    const [, token = ''] = /ADDRESS\/#([\w-]+); /.exec(await compose.call('logs', 'dashboard')) ?? [];
    const post = async (name: string, body: object) => {
      const headers = { 'content-type': 'application/json', 'x-dashboard-token': token };
      const options = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await (await fetch(`http://${address}/controls/${name}`, options)).json()) as { ok: boolean };
    };
    const looking = new AbortController();
    const looks = await fetch(`http://${address}/events`, { signal: looking.signal });
    // Read to its end: of a response that nobody holds, Node ends the connection when it collects garbage, and then nobody looks.
    const reading = looks.body?.pipeTo(new WritableStream()).catch(() => {});
    await until('the connections to be cut', async () => (await post('cut', {})).ok);
    const subscriber = await compose.container('subscriber');
    await until('them to be back', async () =>
      (await compose.lines(subscriber)).some(({ event }) => event === 'reconnected'),
    );
    await until(
      'the publisher to pause',
      async () => (await post('service', { to: { service: 'publisher' }, do: 'pause' })).ok,
    );
    await until('it to go on', async () => (await post('service', { to: { service: 'publisher' }, do: 'resume' })).ok);
    looking.abort();
    await reading;
  });

  test('whoever speaks no TLS, has no password, or is somebody else, is refused; each user may do its work and nothing else', async () => {
    await using plain = startService('publisher', { REDIS_PORT: port });
    expect(await plain.exited).toBe(1);
    expect(plain.events('fatal')[0]?.msg).toContain('speaks TLS on this port');
    const socket = { host: '127.0.0.1', port, tls: true, ca: secrets.get('ca.crt') } as const;
    for (const credentials of [{}, { username: 'publisher', password: 'guessed' }, { password: 'guessed' }])
      await expect(connect({ socket, ...credentials }, {}, AbortSignal.timeout(10_000))).rejects.toThrow(
        /^(NOAUTH|WRONGPASS)/,
      );

    const refused = {
      publisher: [
        'FLUSHALL',
        'BLPOP message_queue 1',
        'RPUSH elsewhere x',
        'CONFIG GET *',
        'ACL LIST',
        'DEL message_queue',
      ],
      subscriber: ['FLUSHALL', 'PUBLISH messages x', 'GET elsewhere', 'KEYS *', 'MONITOR', 'CONFIG GET *'],
      dashboard: ['FLUSHALL', 'LRANGE message_queue 0 -1', 'PUBLISH messages x', 'SUBSCRIBE messages', 'EVAL return 0'],
      health: ['INFO', 'RPUSH message_queue x', 'PUBLISH messages x', 'CLIENT LIST'],
    };
    for (const [user, commands] of Object.entries(refused)) {
      const redis = await as(user);
      expect([user, await redis.ping()]).toEqual([user, 'PONG']);
      for (const line of commands) await expect(redis.sendCommand(line.split(' '))).rejects.toThrow(/^NOPERM/);
    }
  });

  test('nothing that the engine or the logs show has a secret in it; containers are unprivileged', async () => {
    const shown = [await compose.listings(...SERVICES), await compose.call('config'), ...(await argumentsOfAll())].join(
      '\n',
    );
    const keys = secrets.get('redis.key')?.split('\n') ?? [];
    const passwords = [...secrets].flatMap(([name, content]) => (name.endsWith('.password') ? [content.trim()] : []));
    expect(passwords).toHaveLength(4);
    for (const secret of [...passwords, keys[1] ?? '']) {
      expect(secret.length).toBeGreaterThan(30);
      expect(shown.includes(secret)).toBe(false);
    }
    for (const service of SERVICES) await expectConfined(await compose.container(service));
  });

  test('nothing is refused to the services, and at the end the account is complete', async () => {
    const [publisher, subscriber] = [await compose.container('publisher'), await compose.container('subscriber')];
    for (const pattern of patterns) await compose.receives(subscriber, pattern.name, 20);
    await compose.call('stop', 'publisher');
    await compose.call('stop', 'subscriber');
    for (const container of [publisher, subscriber]) {
      expect(await docker('inspect', '-f', '{{.State.ExitCode}}', container)).toBe('0');
      const said = (await compose.lines(container)).filter(({ level }) => level !== 'info' && level !== 'debug');
      expect(said.filter(({ event }) => event !== 'disconnected' && event !== 'dropped')).toEqual([]);
    }
    const finalOf = async (container: string) => (await compose.lines(container)).at(-1)?.patterns;
    const [sent, got] = [await finalOf(publisher), await finalOf(subscriber)];
    for (const { name, guarantees } of patterns) {
      const { accepted, unexplained, moving, lost } = got[name];
      expect([name, unexplained, moving]).toEqual([name, 0, 0]);
      expect([name, accepted]).toEqual([name, sent[name].accepted]);
      if (guarantees.delivery === 'at-least-once') expect([name, lost]).toEqual([name, 0]);
    }
  });
});
