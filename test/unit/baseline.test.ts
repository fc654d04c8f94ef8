import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Results } from '../../compare/measure/result.ts';
import { againstBaseline, readBaseline } from '../../compare/verdict/baseline.ts';
import { OptionsError } from '../../local/process/command.ts';

const resultsWith = (throughput: number | null, p99: number | null, verdict: string, runs?: unknown): Results =>
  ({
    version: 2,
    experiments: [
      {
        name: 'throughput',
        patterns: {
          queue: { verdict, throughput, latencyMs: p99 === null ? null : { p99 }, ...(runs ? { runs } : {}) },
        },
      },
    ],
  }) as unknown as Results;

describe('baseline', () => {
  test('what got worse beyond the noise is said, what got better is not', () => {
    const before = resultsWith(1000, 10, 'kept');
    expect(againstBaseline(resultsWith(900, 12, 'kept'), before)).toEqual([]);
    expect(againstBaseline(resultsWith(5000, 1, 'kept'), before)).toEqual([]);
    expect(againstBaseline(resultsWith(400, 30, 'broken'), before)).toEqual([
      'worse: throughput, queue: kept → broken',
      expect.stringMatching(/throughput 700–1,300 → 280–520/),
      expect.stringMatching(/latency p99 7 ms–13 ms → 21 ms–39 ms/),
    ]);
  });

  test('with several runs their own spread is the measure', () => {
    const steady = [990, 1000, 1010].map((throughput) => ({ throughput, p99: 10 }));
    const slower = [900, 910, 920].map((throughput) => ({ throughput, p99: 10 }));
    const lines = againstBaseline(resultsWith(910, 10, 'kept', slower), resultsWith(1000, 10, 'kept', steady));
    expect(lines).toEqual([expect.stringContaining('throughput 990–1,010 → 900–920')]);
  });

  test('spreads that touch are not worse', () => {
    const runs = (...throughputs: number[]) => throughputs.map((throughput) => ({ throughput, p99: throughput }));
    const now = resultsWith(5, 5, 'kept', runs(10, 20));
    expect(againstBaseline(now, resultsWith(5, 5, 'kept', runs(20, 30)))).toEqual([]);
    expect(againstBaseline(now, resultsWith(5, 5, 'kept', runs(1, 10)))).toEqual([]);
    expect(againstBaseline(now, resultsWith(5, 5, 'kept', runs(21, 30)))).toEqual([
      'worse: throughput, queue: throughput 21–30 → 10–20 messages/s',
    ]);
    expect(againstBaseline(now, resultsWith(5, 5, 'kept', runs(1, 9)))).toEqual([
      'worse: throughput, queue: latency p99 1 ms–9 ms → 10 ms–20 ms',
    ]);
  });

  test('a single run has 30 % of its figure as spread, also where runs were counted but not measured', () => {
    const none = [{ throughput: null, p99: null }];
    const one = [{ throughput: 5, p99: 5 }, ...none];
    for (const runs of [undefined, none, one]) {
      const before = resultsWith(1000, 1, 'kept', runs);
      expect(againstBaseline(resultsWith(539, 1, 'kept'), before)).toHaveLength(0);
      expect(againstBaseline(resultsWith(538, 1, 'kept'), before)).toEqual([
        'worse: throughput, queue: throughput 700–1,300 → 377–699 messages/s',
      ]);
    }
  });

  test('what was not measured is not compared', () => {
    const nothing = resultsWith(null, null, 'kept');
    const something = resultsWith(1000, 10, 'kept');
    expect(againstBaseline(nothing, something)).toEqual([]);
    expect(againstBaseline(something, nothing)).toEqual([]);
  });

  test('a verdict is worse only if it is broken and was not', () => {
    const verdicts = (now: string, before: string) =>
      againstBaseline(resultsWith(1, 1, now), resultsWith(1, 1, before));
    expect(verdicts('broken', 'broken')).toEqual([]);
    expect(verdicts('not applicable', 'kept')).toEqual([]);
    expect(verdicts('broken', 'not applicable')).toEqual(['worse: throughput, queue: not applicable → broken']);
  });

  test('experiments and patterns that were not there before are not compared', () => {
    const before = resultsWith(1000, 1, 'kept');
    const [experiment] = before.experiments as [Results['experiments'][number]];
    const slow = resultsWith(1, 1, 'kept').experiments[0]?.patterns as object;
    const now = (name: string, patterns: object) => ({ ...before, experiments: [{ ...experiment, name, patterns }] });
    expect(againstBaseline(now('another', slow) as Results, before)).toEqual([]);
    expect(againstBaseline(now('throughput', { stream: Object.values(slow)[0] }) as Results, before)).toEqual([]);
    expect(againstBaseline(now('throughput', slow) as Results, before)).toHaveLength(1);
  });
});

describe('a file of results', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'baseline-')), 'results.json');
  const write = (content: string) => {
    writeFileSync(path, content);
    return path;
  };

  test('is read', () => {
    expect(readBaseline(write('{"version":2,"experiments":[],"seed":7}'))).toEqual({
      version: 2,
      experiments: [],
      seed: 7,
    });
  });

  test.each(['{"version":2}', '{"version":2,"experiments":{}}', 'null', '[]'])(
    'of another kind is refused: %s',
    (content) => {
      expect(() => readBaseline(write(content))).toThrow(
        new OptionsError(`--baseline ${path}: expected a results.json of an earlier run (it is none)`),
      );
    },
  );

  test.each([1, 3])('of another version is refused, with what to do: %d', (version) => {
    expect(() => readBaseline(write(`{"version":${version},"experiments":[]}`))).toThrow(
      new OptionsError(
        `--baseline ${path}: expected a results.json of an earlier run (its version is ${version}, this is 2: measure again)`,
      ),
    );
  });

  test('that is no JSON, or not there, is refused by the name of its option', () => {
    expect(() => readBaseline(write('{'), '--results')).toThrow(
      /^--results .*: expected a results\.json of .* \(.*JSON/,
    );
    expect(() => readBaseline('/no/such/file')).toThrow(OptionsError);
  });
});
