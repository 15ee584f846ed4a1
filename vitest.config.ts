import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './spec/support/longest-first.js';

const lib = fileURLToPath(new URL('./lib', import.meta.url));

const alias = [
  { find: /^stepfunc-source$/, replacement: `${lib}/index.ts` },
  { find: /^stepfunc-source\/testing$/, replacement: `${lib}/testing/index.ts` },
  { find: /^stepfunc-source\/(.+)$/, replacement: `${lib}/$1.ts` },
];

/** Unit specs that change for good what others share: modules, the process's signals, the heap. */
const alone = [
  'spec/unit/source/{session,termination-signal}.spec.ts',
  'spec/unit/task/http-invoke-limits.spec.ts',
];

/** Hours of virtual time, at random or by seeds, and leases by the thousand. */
const long = [
  'spec/simulation/**/*.spec.ts',
  'spec/behavior/faults-random.spec.ts',
  'spec/unit/leases/*-many.spec.ts',
];

/** The first compiles what is started as a process. The other says which lock store ran on what. */
const globalSetup = ['spec/support/compiled.ts', 'spec/integration/locks/real-servers.ts'];

/** Specs that measure the memory of their process, which is to have nobody else's. */
const measured = ['spec/integration/{security,source-bodies}.spec.ts'];

/** Of projects that cross sockets and processes. */
const crossing = {
  globalSetup,
  // CI shares its machine, and TTLs are seconds, which a machine that stalls may outlast. What
  // passes only at a second try is printed as such.
  retry: process.env['CI'] === undefined ? 0 : 1,
  // Longer than `until()` waits, which then says what did not come about.
  testTimeout: 90_000,
  hookTimeout: 90_000,
  // They wait as much as they compute, and come after the projects that only compute. More workers
  // would make each other miss the seconds that a lease has.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  sequence: { groupOrder: 1 },
};

/**
 * Unit specs run in memory; simulation too, for hours of virtual time; house reads the project's own
 * sources, by compiler and linter; integration crosses sockets and processes; chaos has processes at
 * war over each lock store; slow waits for real minutes; sfn-local needs a Step Functions Local at
 * SFN_LOCAL_URL.
 */
export default defineConfig({
  test: {
    // By default vitest leaves one core to itself, which on two cores doubles the time.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    coverage: {
      include: ['lib/**/*.ts'],
      // Just under what the unit specs alone reach, as measured. Sockets, processes and the SDK are
      // integration's.
      thresholds: { statements: 95, branches: 92, functions: 93, lines: 95 },
      reporter: ['text-summary', 'html'],
    },
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          // Properties take a while on a busy machine; and a test that was given up disturbs the next.
          testTimeout: 120_000,
          // A process for each file, and its modules anew, would take more time than all tests.
          isolate: false,
          include: [
            'spec/unit/**/*.spec.ts',
            'spec/behavior/**/*.spec.ts',
            'spec/docs/{contract,types}.spec.ts',
          ],
          exclude: [...alone, ...long],
        },
      },
      {
        resolve: { alias },
        test: { name: 'unit-alone', testTimeout: 120_000, include: alone },
      },
      {
        resolve: { alias },
        test: { name: 'simulation', testTimeout: 120_000, include: long },
      },
      {
        resolve: { alias },
        test: {
          name: 'house',
          testTimeout: 120_000,
          include: ['spec/house/**/*.spec.ts', 'spec/docs/{comments,overview}.spec.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          ...crossing,
          name: 'integration',
          // As with unit.
          isolate: false,
          include: [
            'spec/{integration,cluster}/**/*.spec.ts',
            'spec/docs/{languages,manifests,pages,run}.spec.ts',
          ],
          exclude: ['spec/cluster/chaos.spec.ts', ...measured],
        },
      },
      {
        resolve: { alias },
        test: { ...crossing, name: 'integration-alone', include: measured },
      },
      {
        resolve: { alias },
        test: {
          name: 'chaos',
          include: ['spec/cluster/chaos.spec.ts'],
          globalSetup,
          testTimeout: 120_000,
        },
      },
      {
        resolve: { alias },
        test: { name: 'slow', include: ['spec/slow/**/*.spec.ts'], testTimeout: 600_000 },
      },
      {
        resolve: { alias },
        test: { name: 'sfn-local', include: ['spec/sfn-local/**/*.spec.ts'], testTimeout: 180_000 },
      },
    ],
  },
});
