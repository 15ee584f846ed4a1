import { defineConfig } from 'vitest/config';

/** The specs of the room that is changed. */
const specs =
  process.env['MUTATION_SPECS'] ?? '{{task,polling,leases}/*,sfn/errors,net/capped-body}';

/** What stryker.config.mjs runs. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    isolate: false,
    include: [`spec/unit/${specs}.spec.ts`],
  },
});
