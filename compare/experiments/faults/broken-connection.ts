import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import type { ServiceProcess } from '../../../testkit/service-process.ts';
import { TcpProxy } from '../../../testkit/tcp-proxy.ts';
import type { PossibleCause } from '../../account/causes.ts';
import { mostInFlight, type Outage, poppedBefore, pushedDuring } from '../../account/outages.ts';
import type { OwnRedis } from '../../testbed/lab-redis.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { nothingLostInFlight, nothingTwice } from '../../verdict/claims.ts';
import type { Experiment } from '../experiment.ts';

interface BrokenConnection extends Pick<Experiment, 'name' | 'question' | 'seconds'> {
  /** What is done to the connection, in words. */
  readonly step: string;
  /** Does it. @param line the connection of the subscriber @returns when it was down */
  inject(testbed: Testbed, line: TcpProxy, subscriber: ServiceProcess): Promise<Outage[]>;
}

/** What a broken connection may cost: what was pushed meanwhile, or popped for a reply that did not arrive. */
export function lostWithConnection(guarantees: Guarantees, outages: readonly Outage[]): PossibleCause[] {
  if (!guarantees.keepsUnread) return [pushedDuring('the connection was down', outages)];
  if (guarantees.survivesCrash) return [];
  return [poppedBefore('popped, then the connection broke', outages, mostInFlight())];
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
      await using line = await TcpProxy.to((redis as OwnRedis).port);
      const subscriber = await services.subscriber('A', { REDIS_PORT: line.port });
      await services.publisher();
      const outages = await inject(testbed, line, subscriber);
      await waits.settled();
      const causesOf = ({ guarantees }: { guarantees: Guarantees }) => lostWithConnection(guarantees, outages);
      const findings = await evidence.reconcile({ causesOf });
      await services.stopSubscribers(); // while the proxy is still there
      return findings;
    },

    claims: (guarantees, measured) => [nothingLostInFlight, nothingTwice].map((expect) => expect(guarantees, measured)),
  };
}
