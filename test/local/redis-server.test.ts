import { expect, test } from '@jest/globals';
import { connectTo, startRedis } from '../support/redis.ts';

test('a Redis that is busy with a script without end ends with whoever started it', async () => {
  const server = await startRedis();
  const connection = await connectTo(server.port);
  const script = connection.client.eval('while true do end').catch(() => {});
  await server.stop();
  await script;
  await connection.close();
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
}, 30_000);
