import { TcpProxy } from '../../testkit/tcp-proxy.ts';
import type { Experiment } from '../runner/experiment.ts';
import type { Stage } from '../runner/stage.ts';
import { nothingLostInHand, nothingTwice } from '../verdict/claims.ts';

const RESETS = 3;
/** Longer than it takes a service to find a dead connection (3 s). */
const BLACK_HOLE_MS = 3500;

interface Cut {
  readonly name: string;
  readonly question: string;
  readonly step: string;
  readonly seconds: number;
  cut(stage: Stage, line: TcpProxy): Promise<void>;
}

const kinds = {
  reset: {
    name: 'connection-reset',
    question: "The subscriber's connection is reset, several times: what is lost, what comes twice?",
    step: `the subscriber's connection is reset ${RESETS} times, at moments from the seed`,
    seconds: 6,
    async cut(stage, line) {
      for (const pause of stage.moments(RESETS, 0.1, 0.9 / RESETS)) {
        await stage.sleep(pause);
        stage.fault(`reset after ${pause} ms`);
        line.reset();
      }
    },
  },
  'black-hole': {
    name: 'black-hole',
    question: "Nothing comes through on the subscriber's connection any more, and nothing says so: what then?",
    step: `for ${BLACK_HOLE_MS / 1000} s everything on the subscriber's connection disappears, from a moment of the seed on`,
    seconds: 11,
    async cut(stage, line) {
      const [pause = 0] = stage.moments(1, 0.1, 0.5);
      await stage.sleep(pause);
      stage.fault(`black hole after ${pause} ms`);
      line.swallow();
      await stage.sleep(BLACK_HOLE_MS);
      stage.fault('the line is open again');
      line.pass();
    },
  },
} as const satisfies Record<string, Cut>;

export const connectionCut = (kind: keyof typeof kinds): Experiment => {
  const { name, question, step, seconds, cut }: Cut = kinds[kind];
  return {
    name,
    question,
    steps: ['the subscriber talks to Redis through a proxy', 'messages are published at the given rate', step],
    needsOwnRedis: true, // a proxy of ours cannot speak TLS for somebody's server
    seconds,

    async run(stage) {
      await using line = await TcpProxy.to(stage.redis.port);
      await stage.subscriber('A', { REDIS_PORT: line.port });
      await stage.publisher();
      await cut(stage, line);
      await stage.settle();
      const findings = await stage.count(({ guarantees }) => [
        { cause: guarantees.keepsUnread ? 'popped, then the connection broke' : 'the connection was down' },
      ]);
      await stage.stopSubscribers(); // while the proxy is still there
      return findings;
    },

    claims: (guarantees, measured) => [nothingLostInHand, nothingTwice].map((expect) => expect(guarantees, measured)),
  };
};
