/**
 * What spec/mutation/run.mjs gives Stryker, beside the module to change. docs/testing-strategy.md has
 * the figures.
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'spec/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A test that hangs fails by itself. This is for loops that never let go of the thread.
  timeoutMS: 10_000,
  ignorePatterns: ['*', '!lib/**/*.ts', '!spec/**/*.ts', '!package.json', '!tsconfig.json'],
  tempDirName: 'node_modules/.stryker',
  jsonReporter: { fileName: 'node_modules/.cache/mutation.json' },
  reporters: ['json'],
  logLevel: 'warn',
  warnings: false,
  // What spec/mutation/run.mjs wants of all modules together.
  thresholds: { high: 97, low: 95, break: 95 },
};
