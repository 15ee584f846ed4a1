import { defineConfig } from 'vitest/config';

/** Of spec/unit, as spec/mutation/run.mjs chooses them: names without `.spec.ts`, by commas. */
const specs = (process.env['MUTATION_SPECS'] ?? '*/*').split(',');

/** What Stryker runs. */
export default defineConfig({
  test: {
    // Virtual time takes none: a test that goes on for longer hangs, and has noticed the mutant.
    testTimeout: 3_000,
    hookTimeout: 3_000,
    // Stryker begins a worker for each mutant, so that static ones are seen too.
    isolate: false,
    setupFiles: ['spec/mutation/setup.ts'],
    include: specs.map((name) => `spec/unit/${name}.spec.ts`),
  },
});
