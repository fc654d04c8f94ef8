import config from './jest.config.js';

/** The tests of `npm run test:compose`: one engine, so one at a time. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/compose/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: undefined,
  testTimeout: 300_000,
  maxWorkers: 1,
};
