import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { loadConfig } from '@redis-messaging/shared/service/config';
import { makeSecrets } from '../../local/tls/secrets.ts';
import { connectTo } from '../support/redis.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

test('the secrets that are made: a certificate that its CA signed, and users who have their passwords, but in no readable form', async () => {
  const secrets = await makeSecrets(loadConfig({ QUEUE: 'my queue' }).topics);
  const certificate = (name: string) => new X509Certificate(secrets[name] as string);
  const authority = certificate('ca.crt');
  expect(certificate('redis.crt').verify(authority.publicKey)).toBe(true);
  expect(certificate('redis.crt').checkIssued(authority)).toBe(true);
  expect([certificate('redis.crt').checkHost('redis'), certificate('redis.crt').checkIP('127.0.0.1')]).toEqual([
    'redis',
    '127.0.0.1',
  ]);

  const [nobody, ...users] = (secrets['users.acl'] ?? '').trim().split('\n');
  expect(nobody).toBe('user default off');
  for (const line of users) await own.redis.sendCommand(['ACL', 'SETUSER', ...line.split(' ').slice(1)]);
  const names = users.map((line) => line.split(' ')[1] as string);
  expect(names).toEqual(['publisher', 'subscriber', 'dashboard', 'health']);
  const passwords = new Set<string>();
  for (const username of names) {
    const password = secrets[`${username}.password`]?.trim() as string;
    passwords.add(password);
    expect(secrets['users.acl']).not.toContain(password);
    await using connection = await connectTo(own.server.port, {}, { username, password });
    expect(await connection.client.ping()).toBe('PONG');
    await expect(connection.client.flushAll()).rejects.toThrow(/^NOPERM/);
    const push = connection.client.rPush('my queue', 'x');
    if (/^(publisher|subscriber)$/.test(username)) expect(await push).toBeGreaterThan(0);
    else await expect(push).rejects.toThrow(/^NOPERM/);
  }
  expect(passwords.size).toBe(names.length);
});
