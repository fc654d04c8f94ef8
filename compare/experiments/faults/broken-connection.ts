import { TcpProxy } from '../../../testkit/tcp-proxy.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { nothingLostInFlight, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';

interface BrokenConnection extends Pick<Experiment, 'name' | 'question' | 'seconds'> {
  /** What is done to the connection, in words. */
  readonly step: string;
  /** Does it. @param line the connection of the subscriber */
  inject(testbed: Testbed, line: TcpProxy): Promise<void>;
}

/** An experiment in which something is done to the subscriber's connection while messages are published. */
export function brokenConnection({ name, question, seconds, step, inject }: BrokenConnection): Experiment {
  return {
    name,
    question,
    steps: ['the subscriber talks to Redis through a proxy', 'messages are published at the given rate', step],
    needsOwnRedis: true, // the proxy cannot speak TLS for the user's server
    seconds,

    async run(testbed) {
      const { redis, services, waits, evidence } = testbed;
      await using line = await TcpProxy.to(redis.port);
      await services.subscriber('A', { REDIS_PORT: line.port });
      await services.publisher();
      await inject(testbed, line);
      await waits.settled();
      const findings = await evidence.reconcile(({ guarantees }) => [
        { cause: guarantees.keepsUnread ? 'popped, then the connection broke' : 'the connection was down' },
      ]);
      await services.stopSubscribers(); // while the proxy is still there
      return findings;
    },

    claims: (guarantees, measured) => [nothingLostInFlight, nothingTwice].map((expect) => expect(guarantees, measured)),
  };
}
