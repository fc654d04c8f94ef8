import { expect, test } from '@jest/globals';
import { ConnectionLog } from '@redis-messaging/shared/messaging/connection-log';

test('a connection that is tried again and again is spoken of at the first failure, then every 10 s', () => {
  const said: string[] = [];
  let now = 0;
  const say = (_fields: object, text: string) => said.push(text);
  const log = new ConnectionLog({ info: say, warn: say, error: say }, 'host:1', () => now);
  const connection = {};
  for (; now <= 25_000; now += 1000) log.onDown(connection, 'ECONNREFUSED');
  expect(said).toEqual([
    'Redis at host:1 is unreachable (ECONNREFUSED); retrying until it is there',
    'Redis at host:1 is unreachable (ECONNREFUSED) for 10 s; retrying (attempt 11, next within 1 s)',
    'Redis at host:1 is unreachable (ECONNREFUSED) for 20 s; retrying (attempt 21, next within 1 s)',
  ]);
  log.onUp(connection);
  for (let failures = 0; failures < 3; failures++) log.onDown(connection, 'closed');
  now += 10_000;
  log.onDown(connection, 'closed');
  expect(said.slice(4)).toEqual([
    'Lost the connection to Redis at host:1 (closed); retrying until it is back',
    'Redis at host:1 is unreachable (closed) for 10 s; retrying (attempt 4, next within 1 s)',
  ]);
});
