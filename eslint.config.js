import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The floors of lib, from the top. A room imports from the floors below it, and from itself. Rooms on
 * one floor know nothing of each other. The entry points, lib/*.ts, stand above all of them.
 */
const floors = [
  ['source'],
  ['polling'],
  ['observe'],
  ['task'],
  ['leases', 'sfn'],
  ['locks', 'net'],
  ['async'],
  ['common'],
];

const zones = floors.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    target: `./lib/${room}`,
    from: './lib',
    except: [...new Set([room, ...floors.slice(floor + 1).flat()])].map((below) => `./${below}`),
    message: `${room} may import from the rooms below it only: CONTRIBUTING.md has the map.`,
  })),
);

/** Its values: Bun has a module of its own by that name. */
const undici = {
  name: 'undici',
  message: 'Use net/undici.ts: Bun has another undici by that name.',
  allowTypeImports: true,
};

const ofTheClock = "Use the source's clock, of async/clock.ts.";
const timers = ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
  name,
  message: `${ofTheClock} async/timer.ts waits by it.`,
}));
const timesAndChance = [
  ['performance', 'now'],
  ['Date', 'now'],
  ['Math', 'random'],
  ['AbortSignal', 'timeout'],
].map(([object, property]) => ({ object, property, message: ofTheClock }));
const timedImports = {
  paths: [
    ...['node:timers', 'node:timers/promises', 'timers', 'timers/promises', 'node:perf_hooks'].map(
      (name) => ({ name, message: ofTheClock }),
    ),
    {
      name: 'abort-controller-x',
      importNames: ['delay', 'retry'],
      message: 'Use async/timer.ts or async/retry.ts, which go by the clock of a source.',
    },
  ],
  patterns: [
    {
      regex: '/async/clock\\.js$|^\\./clock\\.js$',
      importNames: ['systemClock'],
      message: 'Take the clock as an argument: a simulation has another.',
    },
  ],
};

export default tseslint.config(
  { ignores: ['**/dist/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // An object type is an interface, anything else a type: the compiler's own messages read best so.
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      // Objects here are closures: their methods know no `this`.
      '@typescript-eslint/unbound-method': 'off',
      // `execute<void>(…)` is how abort-controller-x is told that there is no value.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Counts and milliseconds read well in messages.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // STYLE of the library: it owns every timer through abort-controller-x and never prints.
    files: ['lib/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    // Time, timers and chance come from the source's clock. AWS, which the test kit stands in for, has
    // another.
    files: ['lib/**/*.ts'],
    ignores: ['lib/async/clock.ts', 'lib/testing/**'],
    rules: {
      'no-restricted-globals': ['error', ...timers],
      'no-restricted-properties': ['error', ...timesAndChance],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: ofTheClock },
      ],
      'no-restricted-imports': ['error', timedImports],
    },
  },
  {
    // What belongs to no source has only the process's clock: a store or an invoke that sources share, and
    // the process's signals.
    files: [
      'lib/task/http-invoke.ts',
      'lib/source/source.ts',
      'lib/source/termination-signal.ts',
      'lib/opentelemetry/**/*.ts',
      'lib/locks/**/*.ts',
    ],
    rules: { 'no-restricted-imports': ['error', { paths: timedImports.paths }] },
  },
  {
    // Data flows one way: no room imports from above, and no module from one that imports it.
    files: ['lib/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      // An import names the .js file that its .ts file becomes.
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
    },
  },
  {
    // What stands in for something asynchronous is an async function, whether it waits or not.
    files: ['spec/**/*.ts', 'demo/**/*.ts', 'examples/**/*.ts'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: ['lib/net/undici.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths: [undici] }] },
  },
  {
    // Only sfn/ knows the AWS SDK.
    files: ['lib/**/*.ts'],
    ignores: ['lib/sfn/**', 'lib/net/undici.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [undici], patterns: ['@aws-sdk/client-sfn', '@smithy/*'] },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        AbortSignal: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        clearTimeout: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        process: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { expect: 'readonly', module: 'writable', require: 'readonly', test: 'readonly' },
    },
  },
);
