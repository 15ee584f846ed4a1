import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const lib = fileURLToPath(new URL('../../lib', import.meta.url));

/** Of spec/unit, as spec/mutation/run.mjs chooses them: names without `.spec.ts`, by commas. */
const specs = (process.env['MUTATION_SPECS'] ?? '*/*').split(',');

/** What Stryker runs. */
export default defineConfig({
  resolve: {
    alias: [
      { find: 'stepfunc-source/testing', replacement: `${lib}/testing/index.ts` },
      { find: /^stepfunc-source\/(.+)$/, replacement: `${lib}/$1.ts` },
      { find: 'stepfunc-source', replacement: `${lib}/index.ts` },
    ],
  },
  test: {
    // A worker for each spec. In a shared one, Stryker would see what the first spec covers only.
    isolate: true,
    setupFiles: ['spec/mutation/setup.ts'],
    include: specs.map((name) => `spec/unit/${name}.spec.ts`),
  },
});
