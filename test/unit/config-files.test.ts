import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { redisOptions } from '@redis-messaging/shared/service/redis-options';
import { mistakes } from '../support/config-mistakes.ts';
import { type IdentityFiles, TlsFiles } from '../support/tls.ts';

let files: TlsFiles;
let mine: IdentityFiles;
let others: IdentityFiles;

beforeAll(async () => {
  files = await TlsFiles.create();
  mine = await files.issue('mine', ['mine']);
  others = await files.issue('others', ['others']);
});
afterAll(async () => {
  await files[Symbol.asyncDispose]();
});

/** A file beside the certificates. */
function file(name: string, content: string): string {
  const path = join(dirname(files.ca), name);
  writeFileSync(path, content);
  return path;
}

const text = (path: string) => readFileSync(path, 'utf8');

describe('the files of TLS', () => {
  test('are read, and TLS is used if one is given, or the URL says so', () => {
    const given = { REDIS_TLS_CA: files.ca, REDIS_TLS_CERT: mine.certificate, REDIS_TLS_KEY: mine.key };
    const tls = { tls: true, ca: text(files.ca), cert: text(mine.certificate), key: text(mine.key) };
    expect(redisOptions(loadConfig({ REDIS_HOST: 'h', ...given }), 'x').socket).toEqual({
      host: 'h',
      port: 6379,
      ...tls,
    });
    const named = { REDIS_TLS_SERVERNAME: 'redis.example.org' };
    expect(redisOptions(loadConfig(named), 'x').socket).toMatchObject({ tls: true, servername: 'redis.example.org' });
    expect(redisOptions(loadConfig({ REDIS_URL: 'rediss://h', ...given }), 'x')).toMatchObject({ socket: tls });
    expect(redisOptions(loadConfig({ REDIS_URL: 'rediss://h' }), 'x').socket).toBeUndefined();
    expect(redisOptions(loadConfig({ REDIS_HOST: 'h' }), 'x').socket).toEqual({ host: 'h', port: 6379 });
  });

  test('may have several certificates, and text beside them', () => {
    const chain = file('chain.crt', `mine:\n${text(mine.certificate)}\nthe CA:\n${text(files.ca)}`);
    expect(mistakes({ REDIS_TLS_CA: chain, REDIS_TLS_CERT: chain, REDIS_TLS_KEY: mine.key })).toEqual([]);
  });

  test('/dev/null stands for none', () => {
    expect(
      loadConfig({ REDIS_TLS_CA: '/dev/null', REDIS_TLS_CERT: '/dev/null', REDIS_TLS_KEY: '/dev/null' }),
    ).toMatchObject({
      REDIS_TLS_CA: '',
      REDIS_TLS_CERT: '',
      REDIS_TLS_KEY: '',
    });
  });

  test('that are missing, empty or something else are mistakes, each with its reason', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    const broken = text(files.ca).replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
    const certificates = 'expected the path of a file with certificates in PEM (-----BEGIN CERTIFICATE-----)';
    const key =
      'expected the path of a file with a private key in PEM (-----BEGIN PRIVATE KEY-----), without a passphrase';
    const cases: [string, string, string][] = [
      ['REDIS_TLS_CA', '/no/such/file', `"/no/such/file": there is no such file; ${certificates}`],
      ['REDIS_TLS_CA', '/tmp', `"/tmp": the file cannot be read; ${certificates}`],
      ['REDIS_TLS_CA', file('empty', '\n'), `"${file('empty', '\n')}": the file is empty; ${certificates}`],
      ['REDIS_TLS_CA', mine.key, `"${mine.key}": the file has no certificate; ${certificates}`],
      [
        'REDIS_TLS_CA',
        file('broken', broken),
        `"${file('broken', broken)}": the file has a broken certificate; ${certificates}`,
      ],
      ['REDIS_TLS_KEY', files.ca, `"${files.ca}": the file has no private key; ${key}`],
      [
        'REDIS_TLS_KEY',
        file('locked', `${locked}`),
        `"${file('locked', `${locked}`)}": the key needs a passphrase; ${key}`,
      ],
      ['REDIS_TLS_KEY', text(mine.key), `"…": there is no such file; ${key}`],
      ['REDIS_TLS_SERVERNAME', '127.0.0.1', '"127.0.0.1": expected a host name, no IP address'],
      ['REDIS_TLS_SERVERNAME', 'a b', '"a b": expected a host name, no IP address'],
    ];
    for (const [name, value, said] of cases) expect(mistakes({ [name]: value })[0]).toBe(`${name}=${said}`);
  });

  test('that do not fit together are mistakes', () => {
    const cert = { REDIS_TLS_CERT: mine.certificate };
    expect(mistakes(cert)).toEqual(['REDIS_TLS_KEY: expected the key of REDIS_TLS_CERT']);
    expect(mistakes({ REDIS_TLS_KEY: mine.key })).toEqual([
      'REDIS_TLS_CERT: expected the certificate of REDIS_TLS_KEY',
    ]);
    expect(mistakes({ ...cert, REDIS_TLS_KEY: others.key })).toEqual([
      'REDIS_TLS_KEY: it is not the key of REDIS_TLS_CERT; expected the key of its first certificate',
    ]);
    for (const REDIS_URL of ['redis://host', 'unix:///run/redis.sock'])
      expect(mistakes({ REDIS_URL, REDIS_TLS_CA: files.ca, REDIS_TLS_SERVERNAME: 'x.y' })).toEqual([
        'REDIS_TLS_CA, REDIS_TLS_SERVERNAME: REDIS_URL is without TLS; expected rediss:// there, or none of these',
      ]);
  });
});
