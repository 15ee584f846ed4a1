/**
 * Mutation tests of the decisions, by the unit specs alone: `npm run test:mutation`. One room, by its
 * own specs:
 *
 *     MUTATION_SPECS='task/*' npm run test:mutation -- --mutate 'lib/task/*.ts'
 *
 * docs/testing-strategy.md has the figures.
 */
export default {
  mutate: [
    'lib/task/*.ts',
    'lib/polling/*.ts',
    'lib/leases/*.ts',
    'lib/sfn/errors.ts',
    'lib/net/{body-chunks,capped-body}.ts',
  ],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'spec/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  ignorePatterns: ['/bench', '/demo', '/docs', '/examples', '/scripts', '/dist', '/coverage'],
  tempDirName: 'node_modules/.stryker',
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // 95 is the aim. Nothing fails below it until a whole run has been seen.
  thresholds: { high: 97, low: 95, break: null },
};
