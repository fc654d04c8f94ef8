import { expect, test } from '@jest/globals';
import { createMessaging } from '@redis-messaging/shared/messaging/messaging';
import { reliableQueue } from '@redis-messaging/shared/patterns/reliable-queue/reliable-queue';
import { hearRefusals, type Refusal, tellRefusal } from '@redis-messaging/shared/redis/refusals';
import { createClient, type RedisClientType } from 'redis';
import { until } from '../../testkit/until.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

/** A client of somebody's own, whose user lacks some rights. */
async function newClient(username: string, ...without: readonly string[]): Promise<RedisClientType> {
  await own.redis.sendCommand(['ACL', 'SETUSER', username, 'on', '>secret', '~*', '&*', '+@all', ...without]);
  const client = createClient({ socket: { host: '127.0.0.1', port: own.server.port }, username, password: 'secret' });
  return (await client.connect()) as RedisClientType;
}

test('a service is told by its logger of each right that its own client lacks, once, also where an error is of no account', async () => {
  const client = await newClient('mine', '-hincrby', '-client|list', '-client|getname');
  const lines: string[] = [];
  const say = (_fields: object, text: string) => lines.push(text);
  const messaging = createMessaging({ redis: client, logger: { info() {}, warn: say, error: say } });
  const topic = messaging.topic<number>('orders', { pattern: reliableQueue });
  let attempts = 0;
  topic.consume({ leaseMs: 300 }, () => {
    if (++attempts < 4) throw new Error('not yet');
  });
  await topic.producer().send(1);
  await until('the last attempt', () => attempts === 4);
  for (let times = 0; times < 2; times++) await client.clientList().catch(() => {});
  await messaging.close();
  await client.clientGetName().catch(() => {}); // what it does now is no affair of ours
  expect(lines.filter((line) => line.startsWith('Redis user'))).toEqual([
    "Redis user 'mine' has no right to HINCRBY: failed attempts are not counted, so that what always fails is never dead-lettered; to give it: ACL SETUSER mine +hincrby",
    expect.stringMatching(
      /^Redis user 'mine' has no right to CLIENT LIST: publishers .*: ACL SETUSER mine \+client\|list$/,
    ),
  ]);
  client.destroy();
});

test('what a script is refused names the command to whoever runs it', async () => {
  const client = await newClient('his', '-set', '-lrange');
  await using messaging = createMessaging({ redis: client });
  const producer = messaging.topic<number>('letters', { pattern: reliableQueue }).producer({ onRefusal: 'reject' });
  await producer.send(1); // needs neither
  const consumer = messaging.topic<number>('letters', { pattern: reliableQueue }).consume({}, () => {}, {
    trouble: (reason) => reasons.push(reason ?? ''),
  });
  const reasons: string[] = [];
  await until('the reason', () => reasons.length > 0);
  expect(reasons).toEqual([expect.stringMatching(/SET/)]);
  await consumer.close();
  client.destroy();
});

/** How servers say it: Redis 7.0, and Redis 8.0 as Valkey 8.1. */
const messages: readonly (readonly [message: string, refusal: Partial<Refusal> | undefined])[] = [
  ["NOPERM this user has no permissions to run the 'client|list' command", { of: 'command', command: 'client|list' }],
  ["NOPERM User key has no permissions to run the 'set' command", { user: 'key', of: 'command', command: 'set' }],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', { of: 'key' }],
  ['NOPERM No permissions to access a key', { of: 'key' }],
  ['NOPERM this user has no permissions to access one of the channels used as arguments', { of: 'channel' }],
  ['NOPERM No permissions to access a channel', { of: 'channel' }],
  [
    "EXECABORT Transaction discarded because of: NOPERM User u has no permissions to run the 'exec' command",
    { user: 'u', of: 'command', command: 'exec' },
  ],
  ["ERR The user executing the script can't run this command or subcommand", { of: 'command', command: 'known' }],
  [
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
    { of: 'key', command: 'known' },
  ],
  [
    "ERR ACL failure in script: User u has no permissions to run the 'xinfo|groups' command",
    { user: 'u', of: 'command', command: 'xinfo|groups' },
  ],
  ['ERR ACL failure in script: No permissions to access a channel', { of: 'channel', command: 'known' }],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', undefined],
  ['OOM command not allowed when used memory > maxmemory', undefined],
];

test.each(messages)('%s', (message, refusal) => {
  const client = createClient({ username: 'me' });
  const heard: Refusal[] = [];
  hearRefusals(client as never, (each) => heard.push(each));
  tellRefusal(client as never, message, 'known');
  expect(heard).toEqual(refusal ? [{ user: 'me', command: 'known', ...refusal }] : []);
});
