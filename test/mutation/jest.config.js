import { readdirSync, readFileSync } from 'node:fs';
import tests from '../../jest.config.js';

const folder = new URL('../unit/', import.meta.url);
const isPure = (name) => !/support\/redis|node:v8/.test(readFileSync(new URL(name, folder), 'utf8'));
const { globalSetup: _, ...rest } = tests; // provides the programs that only other tests need

/** The unit tests that neither need a Redis nor measure memory, for `npm run mutate`, with our package from the copy that has the mutants. */
export default {
  ...rest,
  rootDir: '../..',
  testMatch: readdirSync(folder)
    .filter(isPure)
    .map((name) => `<rootDir>/test/unit/${name}`),
  moduleNameMapper: { '^@redis-messaging/shared/(.*)$': '<rootDir>/shared/src/$1.ts' },
};
