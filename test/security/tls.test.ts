import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { connect } from '@redis-messaging/shared/redis/connection';
import type { RedisOptions } from '@redis-messaging/shared/redis/options';
import { isSilence } from '@redis-messaging/shared/redis/watchdog';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisOptions } from '@redis-messaging/shared/service/redis-options';
import { type Environment, stringsOf } from '../../local/process/environment.ts';
import type { RedisServer } from '../../local/redis/redis-server.ts';
import type { Validity } from '../../local/tls/certificates.ts';
import { until } from '../../testkit/until.ts';
import { readyService, startService } from '../support/start-service.ts';
import { startTlsRedis, TlsFiles, type TlsRedis } from '../support/tls.ts';

const DAY_MS = 86_400_000;
const YESTERDAY = { notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) };

let mutual: TlsRedis;
let other: TlsFiles;

beforeAll(async () => {
  [mutual, other] = await Promise.all([startTlsRedis(), TlsFiles.create()]);
});
afterAll(async () => {
  await Promise.all([mutual[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

/** What a client of this Redis sets. */
const envOf = ({ tlsPort, ca, client }: TlsRedis): Environment => ({
  REDIS_HOST: 'localhost',
  REDIS_PORT: tlsPort,
  REDIS_TLS_CA: ca,
  REDIS_TLS_CERT: client.certificate,
  REDIS_TLS_KEY: client.key,
});

const optionsOf = (env: Environment): RedisOptions => redisOptions(loadConfig(stringsOf(env)), 'test');

/** What a publisher that is to publish one message says but that, and how it ends. */
async function startWith(env: Environment): Promise<{ said: string[]; code: number | string }> {
  await using publisher = startService('publisher', { ...env, PATTERN: 'pubsub', MESSAGE_COUNT: 1 });
  const code = await publisher.exited;
  // On a machine that stands still for a second, an attempt that would have succeeded may be given up, and made again.
  const lines = publisher.lines.filter((line) => line.level !== 'info' && !isSilence(line.reason));
  return { said: [...lines.map(({ msg }) => msg), ...publisher.text], code };
}

const right = { said: [], code: 0 };
const wrong = (text: RegExp) => ({ said: [expect.stringMatching(text)], code: 1 });

describe('a start with TLS that cannot be made ends with one error, which says what is wrong', () => {
  test('not, if all is right: by variables, by URL, and for another name', async () => {
    const { tlsPort, ca, client } = mutual;
    await using named = await startTlsRedis({ names: ['redis.example.org'], settings: ['tls-auth-clients no'] });
    const asked = { REDIS_HOST: '127.0.0.1', REDIS_PORT: named.tlsPort, REDIS_TLS_CA: named.ca };
    const files = { REDIS_TLS_CA: ca, REDIS_TLS_CERT: client.certificate, REDIS_TLS_KEY: client.key };
    expect(
      await Promise.all([
        startWith(envOf(mutual)),
        startWith({ REDIS_URL: `rediss://127.0.0.1:${tlsPort}/1`, ...files }),
        startWith({ ...asked, REDIS_TLS_SERVERNAME: 'redis.example.org' }),
        startWith(asked),
      ]),
    ).toEqual([right, right, right, wrong(/has another name .*REDIS_TLS_SERVERNAME .*ERR_TLS_CERT_ALTNAME_INVALID/)]);
  });

  test('the CA is another one, or none is given; the certificate has expired', async () => {
    await using expired = await startTlsRedis({ validity: YESTERDAY });
    const untrusted = wrong(/not signed by a CA that is trusted; set REDIS_TLS_CA .*SELF_SIGNED_CERT_IN_CHAIN/);
    expect(
      await Promise.all([
        startWith({ ...envOf(mutual), REDIS_TLS_CA: other.ca }),
        startWith({ ...envOf(mutual), REDIS_TLS_CA: undefined }),
        startWith(envOf(expired)),
      ]),
    ).toEqual([untrusted, untrusted, wrong(/not valid at this time; renew it, .*CERT_HAS_EXPIRED/)]);
  });

  test('the client has no certificate, or one of another CA', async () => {
    await using old = await startTlsRedis({ settings: ['tls-protocols TLSv1.2'] });
    const { certificate, key } = await other.issue('stranger', ['stranger']);
    const without = { REDIS_TLS_CERT: undefined, REDIS_TLS_KEY: undefined };
    const strange = { REDIS_TLS_CERT: certificate, REDIS_TLS_KEY: key };
    const lacking = wrong(/wants a certificate of its clients.*; set REDIS_TLS_CERT and REDIS_TLS_KEY/);
    const refused = wrong(/does not accept our certificate; expected .* in REDIS_TLS_CERT .*UNKNOWN_CA/);
    for (const server of [mutual, old])
      expect(await Promise.all([without, strange].map((client) => startWith({ ...envOf(server), ...client })))).toEqual(
        [lacking, refused],
      );
  });

  test('TLS on a port without it, and no TLS on a port with it', async () => {
    const { server, tlsPort } = mutual;
    expect(
      await Promise.all([
        startWith({ ...envOf(mutual), REDIS_PORT: server.port }),
        startWith({ REDIS_HOST: '127.0.0.1', REDIS_PORT: tlsPort }),
      ]),
    ).toEqual([
      wrong(/does not speak TLS on this port; expected its port for TLS/),
      wrong(/speaks TLS on this port, and we do not; expected rediss:/),
    ]);
  });

  test('but a server that stands still is waited for: nobody can tell what it speaks', async () => {
    const { pid } = mutual.server;
    const said: string[] = [];
    const onDown = (_connection: object, reason: string) => said.push(reason);
    process.kill(pid, 'SIGSTOP');
    const connecting = connect(optionsOf(envOf(mutual)), { onDown }, AbortSignal.timeout(30_000));
    try {
      await until('two attempts', () => said.length >= 2);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await using _connection = await connecting;
    expect(new Set(said)).toEqual(new Set(['Connection timeout']));
  });
});

describe('with TLS', () => {
  test('services pass messages by every pattern', async () => {
    const env = { ...envOf(mutual), PATTERN: 'all', MESSAGE_COUNT: 20, PUBLISH_INTERVAL: 0.01 };
    await using subscriber = await readyService('subscriber', env);
    await using publisher = startService('publisher', env);
    expect(await publisher.exited).toBe(0);
    for (const { name } of patterns)
      await until(`all of ${name}`, () => subscriber.events('received', name).length === 20);
    expect(await subscriber.stop()).toBe(0);
    expect(subscriber.events('disconnected')).toEqual([]);
  });

  test('a server that has several certificates is asked by its name', async () => {
    const asked: string[] = [];
    const SNICallback = (name: string, done: (error: Error) => void) => {
      asked.push(name);
      done(new Error('none for this name'));
    };
    const server = createServer({ SNICallback }).listen(0, 'localhost');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stop = new AbortController();
    const named = { REDIS_HOST: '127.0.0.1', REDIS_TLS_SERVERNAME: 'redis.example.org' };
    for (const env of [{ REDIS_URL: `rediss://localhost:${port}` }, { ...named, REDIS_PORT: port }])
      connect(optionsOf(env), {}, stop.signal).catch(() => {});
    await until('both names', () => asked.includes('localhost') && asked.includes('redis.example.org'));
    stop.abort();
    server.close();
  });

  test('a connection that stood says why it fails, and comes back when that is mended', async () => {
    await using own = await startTlsRedis();
    const said: string[] = [];
    let ups = 0;
    const events = {
      onUp: () => {
        ups++;
      },
      onDown: (_connection: object, reason: string) => said.push(reason),
    };
    await using connection = await connect(optionsOf(envOf(own)), events, AbortSignal.timeout(20_000));
    const restart = async (server: RedisServer, validity?: Validity) => {
      await own.replaceCertificate(validity);
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
      return await server.restart();
    };
    const expired = await restart(own.server, YESTERDAY);
    await until('the reason', () => said.some((reason) => reason.includes('not valid at this time')));
    await restart(expired);
    await until('the connection to be back', () => ups === 2);
    expect(await connection.client.ping()).toBe('PONG');
  });
});
