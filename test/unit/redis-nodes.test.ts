import { describe, expect, test } from '@jest/globals';
import { readClusterNodes, readReplication } from '../../dashboard/server/live/nodes.ts';
import { readAddress } from '../../dashboard/wire/address.ts';

const line = (...fields: string[]) => fields.join(' ');

describe('the servers of a Cluster, as CLUSTER NODES tells them', () => {
  test('primaries with their slots, replicas with their primary', () => {
    const said = [
      line('a', '127.0.0.1:7001@17001,', 'myself,master', '-', '0', '0', '1', 'connected', '0-5460', '5462'),
      line('b', '127.0.0.1:7002@17002', 'slave', 'a', '0', '0', '1', 'connected'),
    ].join('\n');
    expect(readClusterNodes(said)).toEqual([
      {
        address: '127.0.0.1:7001',
        role: 'primary',
        isUp: true,
        of: '',
        slots: 5462,
        ranges: [
          [0, 5460],
          [5462, 5462],
        ],
      },
      { address: '127.0.0.1:7002', role: 'replica', isUp: true, of: '127.0.0.1:7001', slots: 0, ranges: [] },
    ]);
  });

  test.each([
    ['master,fail', 'connected'],
    ['master,fail?', 'connected'],
    ['master', 'disconnected'],
  ])('one that is %s and %s is gone', (flags, link) => {
    const [node] = readClusterNodes(line('a', '10.0.0.1:6379@16379', flags, '-', '0', '0', '1', link, '0-16383'));
    expect(node).toMatchObject({ isUp: false, slots: 16384 });
  });

  test('one that shall not take over is there', () => {
    const [node] = readClusterNodes(
      line('a', '10.0.0.1:6379@16379', 'slave,nofailover', 'b', '0', '0', '1', 'connected'),
    );
    expect(node).toMatchObject({ role: 'replica', isUp: true });
  });

  test('slots on their way count where they still are', () => {
    const [node] = readClusterNodes(
      line('a', '10.0.0.1:6379@16379', 'master', '-', '0', '0', '1', 'connected', '0-9', '[10-<-b]', '[3->-b]'),
    );
    expect(node?.ranges).toEqual([[0, 9]]);
  });

  test('a name is shown rather than an address; who is not one of them yet, or has no address, is not shown', () => {
    const said = [
      line('a', '172.18.0.2:6379@16379,redis-2,shard-id=1', 'master', '-', '0', '0', '1', 'connected', '0-1'),
      line('b', '172.18.0.3:6379@16379', 'handshake', '-', '0', '0', '1', 'disconnected'),
      line('c', ':0@0', 'master,noaddr', '-', '0', '0', '1', 'disconnected'),
      '',
    ].join('\n');
    expect(readClusterNodes(said).map(({ address }) => address)).toEqual(['redis-2:6379']);
  });
});

test('the replicas of a primary, as INFO tells them', () => {
  const info = [
    'role:master',
    'slave0:ip=127.0.0.1,port=7002,state=online,offset=1,lag=0',
    'slave1:ip=::1,port=7003,state=wait_bgsave,offset=0,lag=0',
  ].join('\r\n');
  const seen = readReplication(info, '127.0.0.1:7001');
  expect(seen.map(({ address, role, isUp, of }) => [address, role, isUp, of])).toEqual([
    ['127.0.0.1:7001', 'primary', true, ''],
    ['127.0.0.1:7002', 'replica', true, '127.0.0.1:7001'],
    ['::1:7003', 'replica', false, '127.0.0.1:7001'],
  ]);
});

test('an address in its parts, also of IPv6', () => {
  expect(readAddress('redis-2:6379')).toEqual({ host: 'redis-2', port: 6379 });
  expect(readAddress('::1:7003')).toEqual({ host: '::1', port: 7003 });
});
