import { describe, expect, test } from '@jest/globals';
import { problemOfHost } from '@redis-messaging/shared/service/health';

const LOOPBACK = ['localhost', 'localhost:8080', 'LocalHost.', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8080'];
const OTHER_ADDRESSES = ['172.18.0.3', '172.18.0.3:8080', '[fe80::1]:8080', '[2001:db8::7]', '0.0.0.0:8080'];
const PRIVATE = [
  'subscriber',
  'subscriber:8080',
  'demo_subscriber_1:8080',
  'node-1',
  'subscriber.demo.svc:8080',
  'subscriber.demo.svc.cluster.local',
  'host.docker.internal:8080',
];
const PUBLIC = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8080', 'evil.local.example'];
const MALFORMED = ['', ':', '[::1', 'a b', 'localhost@evil.example', 'evil.example/localhost', '\u001b[31m'];

describe('a health server', () => {
  test('on loopback is asked by the names of loopback, at any port, and by HEALTH_HOST', () => {
    for (const address of ['127.0.0.1', '127.0.1.1', '::1', '::ffff:127.0.0.1']) {
      const problem = (host: string) => problemOfHost(host, 'health.example', address);
      for (const host of [...LOOPBACK, 'health.example', 'HEALTH.example:8080']) expect(problem(host)).toBeUndefined();
      for (const host of [...OTHER_ADDRESSES, ...PRIVATE, ...PUBLIC, ...MALFORMED])
        expect(problem(host)).toContain('expected localhost, 127.0.0.1, [::1], or the host of HEALTH_HOST');
    }
    expect(problemOfHost('127.0.0.2:80', '127.0.0.2', '127.0.0.2')).toBeUndefined();
    expect(problemOfHost('[::2]:80', '::2', '::1')).toBeUndefined();
  });

  test('on other addresses is asked by IP addresses, by names that are not public, and by HEALTH_HOST', () => {
    for (const address of ['0.0.0.0', '::', '172.18.0.3', '2001:db8::7']) {
      const problem = (host: string) => problemOfHost(host, 'health.example', address);
      for (const host of [...LOOPBACK, ...OTHER_ADDRESSES, ...PRIVATE, 'health.example:1'])
        expect([host, problem(host)]).toEqual([host, undefined]);
      for (const host of [...PUBLIC, ...MALFORMED]) expect([host, problem(host)]).toEqual([host, expect.any(String)]);
    }
  });

  test('is asked without a name by what is no browser', () => {
    expect(problemOfHost(undefined, '127.0.0.1', '127.0.0.1')).toBeUndefined();
    expect(problemOfHost(undefined, '0.0.0.0', '0.0.0.0')).toBeUndefined();
  });

  test('says by which name it was asked, fit to be shown', () => {
    const said = problemOfHost(`evil\u001b${'.'.repeat(1000)}`, '127.0.0.1', '127.0.0.1') as string;
    expect(said).toContain('"evil\\u001b.');
    expect(said.length).toBeLessThan(300);
  });
});
