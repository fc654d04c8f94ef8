import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { addressOf, takeFromFront } from '../../examples/jobs/api/peer.ts';
import { RequestLimit } from '../../examples/jobs/api/request-limit.ts';
import { startFront } from '../../examples/jobs/front/front.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('the connections that an API process of the example jobs takes', () => {
  const sockets: Socket[] = [];
  let port: number;
  let server: ReturnType<typeof createServer>;

  beforeEach(async () => {
    server = createServer(({ socket }, response) => void response.end(`from ${addressOf(socket)}.`));
    takeFromFront(server, { perAddress: 2, inAll: 4 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  /** Sends a text on a connection that stays open. @returns the status and whose the connection is, or that it was closed */
  async function ask(text: string, to = port): Promise<string> {
    const socket = connect(to, '127.0.0.1').setEncoding('utf8');
    sockets.push(socket);
    socket.on('error', () => {}); // 'close' follows
    socket.write(text);
    let answer = '';
    socket.on('data', (part: string) => {
      answer += part;
    });
    while (!/from .*\./.test(answer) && !socket.closed)
      await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => {});
    const [, status, from] = /^HTTP\/1.1 (\d+)(?:[\s\S]*from (.*)\.)?/.exec(answer) ?? [];
    return status === undefined ? 'closed' : `${status} ${from ?? ''}`.trim();
  }
  const from = (address: string) => `PROXY TCP${address.includes(':') ? 6 : 4} ${address} 192.0.2.1 50000 443\r\n`;

  test('are those of a front, and are whose it says', async () => {
    expect(await ask(`${from('203.0.113.7')}${REQUEST}`)).toBe('200 203.0.113.7');
    expect(await ask(`PROXY UNKNOWN\r\n${REQUEST}`)).toBe('200 127.0.0.1');
  });

  test.each([
    '',
    'PROXY TCP4 203.0.113.7\n',
    'PROXY TCP4 <script> 192.0.2.1 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`,
  ])('begin with a whole line: not with %j', async (line) => {
    expect(await ask(line + REQUEST)).toBe('closed');
  });

  test('are a few for each address, and for each network of IPv6; one that closes makes room', async () => {
    expect(await ask(from('203.0.113.7') + REQUEST)).toMatch('200');
    expect(await ask(from('::ffff:203.0.113.7') + REQUEST)).toBe('200 203.0.113.7');
    expect(await ask(from('203.0.113.7') + REQUEST)).toBe('closed');
    expect(await ask(from('2001:db8:0:1::1') + REQUEST)).toBe('200 2001:db8:0:1::/64');
    sockets[0]?.destroy();
    await once(sockets[0] as Socket, 'close');
    expect(await ask(from('2001:db8:0:1:ffff::2') + REQUEST)).toMatch('200');
    expect(await ask(from('2001:db8:0:1::3') + REQUEST)).toBe('closed');
    expect(await ask(from('2001:db8::3') + REQUEST)).toBe('200 2001:db8:0:0::/64');
  });

  test('are not too many in all', async () => {
    const asked = ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4', '203.0.113.5'];
    const answers: string[] = [];
    for (const address of asked) answers.push(await ask(from(address) + REQUEST));
    expect(answers.filter((answer) => answer === 'closed')).toHaveLength(1);
  });

  test('whoever sends such a line through the front is not taken for another', async () => {
    await using front = await startFront([{ host: '127.0.0.1', port }], { host: '127.0.0.1', port: 0 });
    expect(await ask(REQUEST, front.port)).toBe('200 127.0.0.1');
    expect(await ask(from('203.0.113.7') + REQUEST, front.port)).toBe('400');
  });
});

describe('the requests of an address', () => {
  let now = 0;
  const taken = (limit: RequestLimit, address: string, tries: number) =>
    Array.from({ length: tries }, () => limit.take(address)).filter(Boolean).length;

  test('are a burst, and from then on a number per second, never more than a burst', () => {
    const limit = new RequestLimit({ burst: 5, perSecond: 2, now: () => now });
    expect(taken(limit, 'a', 8)).toBe(5);
    expect(taken(limit, 'b', 8)).toBe(5);
    now += 1000;
    expect(taken(limit, 'a', 8)).toBe(2);
    now += 3_600_000;
    expect(taken(limit, 'a', 8)).toBe(5);
  });

  test('are remembered of 10,000 addresses, those that asked last', () => {
    const limit = new RequestLimit({ burst: 1, perSecond: 1, now: () => now });
    for (let index = 0; index <= 10_000; index++) limit.take(`${index}`);
    expect(limit.take('10000')).toBe(false);
    expect(limit.take('1')).toBe(false);
    expect(limit.take('0')).toBe(true);
  });
});
