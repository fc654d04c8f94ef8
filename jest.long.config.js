import config from './jest.config.js';

/** How often the files of the second list repeat what they do; each a variable, so that a run can be made still longer. */
const REPETITIONS = {
  SIGTERMS: 60,
  CRASHES: 12,
  MESSAGES: 20_000,
  TAKEOVERS: 20,
  KILLS: 8,
  CUTS: 60,
  OUTAGE: 6,
  BLACKHOLE: 5,
  HOSTILE: 10_000,
  CHAOS: 180,
  LETTERS: 150_000,
  STOPS_AFTER: '1,2,5',
};
for (const [name, value] of Object.entries(REPETITIONS)) process.env[name] ??= String(value);

/** The tests of `npm run test:long`: large volumes, and the tests that repeat something, with many more repetitions. */
export default {
  ...config,
  testMatch: [
    '<rootDir>/test/long/**/*.test.ts',
    '<rootDir>/test/chaos/**/*.test.ts',
    '<rootDir>/test/examples/examples.test.ts',
    '<rootDir>/test/local/dead-letters.test.ts',
    '<rootDir>/test/services/{sigterms,crash,outage,hostile}.test.ts',
    '<rootDir>/test/faults/{takeover,reclaim,cut-reply,black-hole,many-subscribers}.test.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 2,
  testTimeout: 300_000,
};
