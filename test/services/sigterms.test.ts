import { expect, test } from '@jest/globals';
import { seeded } from '../../testkit/random.ts';
import { stopsUndisturbed } from '../support/longest-silence.ts';
import { readyService } from '../support/start-service.ts';
import { useRedis } from '../support/use-redis.ts';

/** How many subscribers are stopped in the middle of the load: SIGTERMS=200 npm test -- sigterms */
const SIGTERMS = Number(process.env.SIGTERMS ?? 8);
const SEED = Number(process.env.SEED ?? 1);
/** The most that one reply carries. */
const BATCH = 500;

const own = useRedis();

test(
  `${SIGTERMS} subscribers stopped in the middle of 1,000 messages a second: nothing of the queue is lost or repeated (seed ${SEED})`,
  async () => {
    const random = seeded(SEED);
    const env = { REDIS_PORT: own.server.port, PATTERN: 'queue' };
    await using writer = await readyService('publisher', { ...env, PUBLISH_INTERVAL: 0.001 });
    const received: number[] = [];
    let mayBeLost = 0;
    for (let round = 0; round < SIGTERMS; round++) {
      await using reader = await readyService('subscriber', { ...env, WORK_TIME: round % 2 === 0 ? 0 : 0.0005 });
      const share = 1 + random(150);
      await reader.event('received', (line) => line.received >= share);
      if (!(await stopsUndisturbed(own.redis, reader))) mayBeLost += BATCH;
      received.push(...reader.events('received').map((line) => line.count));
      expect(reader.final('queue')?.received).toBe(reader.events('received').length);
    }
    const isExact = await stopsUndisturbed(own.redis, writer);
    received.push(...(await own.redis.lRange('message_queue', 0, -1)).map((text) => JSON.parse(text).count));
    const { accepted, unconfirmed } = writer.final('queue');
    expect(new Set(received).size).toBe(received.length);
    if (isExact) expect(unconfirmed).toBe(0);
    expect(received.length).toBeLessThanOrEqual(accepted + unconfirmed);
    expect(received.length).toBeGreaterThanOrEqual(accepted - mayBeLost);
  },
  60_000 + SIGTERMS * 5000,
);
