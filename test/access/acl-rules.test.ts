import { expect, test } from '@jest/globals';
import { aclRules } from '@redis-messaging/shared/access/acl-rules';
import { keyOf } from '@redis-messaging/shared/delivery/keys';
import { LOSSES } from '@redis-messaging/shared/messaging/refusal-log';
import { patterns } from '@redis-messaging/shared/patterns/index';
import { pubsub } from '@redis-messaging/shared/patterns/pubsub';
import { queue } from '@redis-messaging/shared/patterns/queue';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const dryRun = async (...command: string[]) => await own.redis.sendCommand(['ACL', 'DRYRUN', 'user', ...command]);
const newUser = async (rules: readonly string[]) =>
  void (await own.redis.sendCommand(['ACL', 'SETUSER', 'user', 'reset', 'on', ...rules]));

test.each([
  ['orders', 'orders2'],
  ['orders{eu}', 'orders{us}'],
  ['my orders', 'my_orders_'],
  ['a*b', 'axb'],
  ['a?b', 'axb'],
  ['a[xy]\\b', 'ax\\b'],
  ['Zoë', 'Zoe'],
])('a service may use the keys of the topic %j, and not those of %j', async (topic, other) => {
  await newUser(aclRules('subscriber', new Map([[queue, topic]])));
  for (const key of [topic, keyOf(topic, 'dead')]) expect([key, await dryRun('LLEN', key)]).toEqual([key, 'OK']);
  for (const key of [other, keyOf(other, 'dead')]) expect([key, await dryRun('LLEN', key)]).not.toEqual([key, 'OK']);
});

test.each([
  ['news', 'SUBSCRIBE', 'news2'],
  ['news:*', 'PSUBSCRIBE', 'news:a*'],
  ['news:[ab]?', 'PSUBSCRIBE', 'news:*'],
])('a service may subscribe to %s, and not to others', async (channel, command, other) => {
  await newUser(aclRules('subscriber', new Map([[pubsub, channel]])));
  expect(await dryRun(command, channel)).toBe('OK');
  expect(await dryRun(command, other)).not.toBe('OK');
  expect(await dryRun('PUBLISH', channel, 'x')).not.toBe('OK');
});

test('what is lost is known of commands that somebody uses', () => {
  const topics = new Map(patterns.map((pattern) => [pattern, pattern.topic.default]));
  const used = (['publisher', 'subscriber', 'dashboard'] as const).flatMap((service) => aclRules(service, topics));
  expect(used).toEqual(expect.arrayContaining(Object.keys(LOSSES).map((command) => `+${command}`)));
});

test('no service may speak for the live page, and the page for no service', async () => {
  const topics = new Map([[pubsub, 'news']]);
  for (const service of ['publisher', 'subscriber'] as const) {
    await newUser(aclRules(service, topics));
    for (const channel of ['watching', 'controls'])
      expect(await dryRun('PUBLISH', `redis-messaging:live:${channel}`, 'x')).not.toBe('OK');
  }
  await newUser(aclRules('dashboard', topics));
  for (const channel of ['redis-messaging:live:announcements', 'news'])
    expect(await dryRun('PUBLISH', channel, 'x')).not.toBe('OK');
});
