import tests from '../../jest.config.js';

const { globalSetup: _, ...rest } = tests; // the pure parts need no Redis

/** The unit tests, for `npm run mutate`, with our package from the copy that has the mutants. */
export default {
  ...rest,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/unit/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/(bounded|lane)\\.test\\.ts$'], // need a Redis
  moduleNameMapper: { '^@redis-messaging/shared/(.*)$': '<rootDir>/shared/src/$1.ts' },
};
