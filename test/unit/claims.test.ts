import { describe, expect, test } from '@jest/globals';
import { patterns } from '@redis-messaging/shared/patterns/index';
import type { Guarantees } from '@redis-messaging/shared/patterns/pattern';
import { UNEXPLAINED } from '../../compare/account/causes.ts';
import { COMPLETE, TIMES } from '../../compare/experiments/consumers/consumer-groups.ts';
import { LATE } from '../../compare/experiments/consumers/late-group.ts';
import { COPIES } from '../../compare/experiments/consumers/many-subscribers.ts';
import type { Experiment } from '../../compare/experiments/experiment.ts';
import { POISON } from '../../compare/experiments/faults/poison.ts';
import { experimentsFor, experimentsWithServers } from '../../compare/experiments/index.ts';
import type { Measured } from '../../compare/measure/result.ts';
import { peers } from '../../compare/peers/index.ts';
import type { Subject } from '../../compare/peers/subject.ts';
import { judge } from '../../compare/verdict/verdict.ts';
import { lostOne, measuredWith } from '../support/measured.ts';

const GROUPS = 2;
const copiesIn = (experiment: Experiment, { audience }: Guarantees) =>
  audience === 'every-subscriber' ? Number(/^\d+/.exec(experiment.name)?.[0] ?? 1) : 1;

/** What a pattern measures in an experiment if it keeps every promise. */
const healthy = (experiment: Experiment, { guarantees }: Subject, more: Partial<Measured> = {}) => ({
  foreignDead: experiment.name === 'poison' ? POISON.length : 0,
  figures: { [COMPLETE]: GROUPS, [TIMES]: 1, [LATE]: 10, [COPIES]: copiesIn(experiment, guarantees) },
  ...more,
});

const twice = { duplicated: 1 };
const figures = (more: Measured['figures']) => ({ figures: { [COMPLETE]: GROUPS, [TIMES]: 1, ...more } });
/** Lost, with a cause: evidence does not mend a promise. */
const lost = 'lost' as const;

/** For each claim, by its text, observations that make it false. */
const FAULTS: Readonly<Record<string, readonly (Partial<Measured> | typeof lost)[]>> = {
  'nothing that Redis accepted is lost': [lost],
  'messages published while nobody listened are delivered later': [lost],
  'messages in flight are redelivered': [lost],
  'an orderly stop loses nothing': [lost],
  'a subscriber that is behind gets everything in the end': [lost],
  'what Redis accepted survives its crash': [lost],
  'what Redis accepted survives the death of its primary': [lost],
  'nothing is lost while slots migrate': [lost],
  'all others arrive': [lost],
  'nothing is delivered twice': [twice],
  'nothing is handled twice': [twice],
  'messages arrive in the order in which they were published': [{ reordered: 1 }],
  'the poisoned ones are dead-lettered, with the reason': [{ foreignDead: POISON.length - 1 }],
  'every subscriber gets a copy': [figures({ [COPIES]: 1 })],
  'one of them gets it': [figures({ [COPIES]: 2 }), figures({ [COPIES]: 1.001 })],
  'each consumer group gets every message, and its workers share them': [
    figures({ [COMPLETE]: GROUPS - 1 }),
    figures({ [TIMES]: 2 }),
  ],
  'a late group gets what others have handled': [figures({ [LATE]: 9 })],
  'every loss has a cause': [{ received: 9, lost: 1, causes: [{ cause: UNEXPLAINED, messages: 1 }] }],
  'every message is accounted for': [{ made: 11 }, { received: 9 }],
};

const experiments = [...experimentsFor([2, 5]), ...experimentsWithServers];
const subjectsOf = ({ withPeers }: Experiment): readonly Subject[] => [...patterns, ...(withPeers ? peers : [])];
const judged = (experiment: Experiment, { guarantees }: Subject, measured: Measured) =>
  judge(measured, experiment.claims(guarantees, measured), experiment.onlyMeasures);

describe('every claim of every experiment', () => {
  test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
    '%s: where it is promised, observations against it break the verdict, and others do not',
    (_name, experiment) => {
      let checked = 0;
      for (const subject of subjectsOf(experiment)) {
        const good = healthy(experiment, subject);
        const { verdict, claims } = judged(experiment, subject, measuredWith(good));
        expect([subject.name, verdict]).not.toEqual([subject.name, 'broken']);
        for (const { text } of claims.filter(({ promised }) => promised)) {
          const faults = FAULTS[text] ?? [];
          expect([text, faults.length]).not.toEqual([text, 0]); // a claim without a fault is not checked
          for (const fault of faults) {
            const measured = fault === lost ? lostOne('a crash', good) : measuredWith({ ...good, ...fault });
            const found = judged(experiment, subject, measured);
            expect([subject.name, text, found.verdict]).toEqual([subject.name, text, 'broken']);
            expect(found.claims).toContainEqual({ text, promised: true, holds: false });
            checked++;
          }
        }
      }
      expect(checked).toBeGreaterThan(2 * patterns.length);
    },
  );

  test('no pattern is asked whether it keeps what it does not promise', () => {
    for (const experiment of experiments) {
      for (const subject of subjectsOf(experiment)) {
        const good = healthy(experiment, subject);
        const { claims } = judged(experiment, subject, measuredWith(good));
        const [first] = claims;
        if (first?.promised || experiment.onlyMeasures) continue;
        expect(judged(experiment, subject, measuredWith(good)).verdict).toBe('not applicable');
      }
    }
  });

  test('every fault is that of a claim that there is', () => {
    const texts = experiments.flatMap((experiment) =>
      subjectsOf(experiment).flatMap((subject) =>
        judged(experiment, subject, measuredWith(healthy(experiment, subject))).claims.map(({ text }) => text),
      ),
    );
    expect(Object.keys(FAULTS).filter((text) => !texts.includes(text))).toEqual([]);
  });
});
