/** The tests of `npm test`. The long ones are in jest.long.config.js, those of the containers in jest.compose.config.js. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/compose/', '<rootDir>/test/long/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/test/support/prepare.ts',
  testTimeout: 120_000,
  maxWorkers: 3, // on two cores: they wait more than they work
  forceExit: true, // a test that took too long may leave something open; what it started ends with this process
};
