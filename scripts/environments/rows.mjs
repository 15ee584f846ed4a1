import { pnpm, yarnClassic, yarnPnp } from './installers.mjs';
import {
  bundler,
  futureSdk,
  jest,
  managed,
  node,
  ownUndici,
  runtime,
  typescript,
} from './row-kinds.mjs';
import { bundled, command, program, readme, tasks, tests } from './steps.mjs';

/**
 * The environments, a row each. locks/ has a lock file for each, by `id`.
 *
 * - `packages`: what its project has beside the package under test
 * - `optional`: what npm has for some machines only
 * - `installer`: how it is installed; npm if none is given
 * - `steps`: what is done there
 */
export const rows = [
  node('20.19.0', 'the least that is supported'),
  node('20'),
  node('22'),
  node('24'),
  node('26'),
  runtime('Bun', 'bun', '1', ['bin/bun']),
  runtime('Deno', 'deno', '2', ['deno', 'run', '--allow-all']),

  typescript('4.7', ['node16', 'nodenext', 'node10'], 'the least that is supported'),
  typescript('5.9', ['node16', 'nodenext', 'bundler', 'node10']),
  typescript('6', ['node16', 'nodenext', 'bundler']),
  typescript('7', ['node16', 'nodenext', 'bundler']),

  bundler('esbuild', { esbuild: '0.28' }, [
    bundled('esbuild-esm', 'to an ES module'),
    bundled('esbuild-cjs', 'to CommonJS'),
  ]),
  bundler('webpack', { webpack: '5', 'webpack-cli': '6' }, [bundled('webpack', 'to CommonJS')]),
  bundler(
    'rollup',
    {
      rollup: '4',
      '@rollup/plugin-commonjs': '29',
      '@rollup/plugin-json': '6',
      '@rollup/plugin-node-resolve': '16',
    },
    [bundled('rollup', 'to an ES module')],
  ),
  bundler('ncc', { '@vercel/ncc': '0.45' }, [bundled('ncc', 'to CommonJS')], '@vercel/ncc'),

  jest('29'),
  jest('30'),
  {
    id: 'vitest',
    group: 'Test runners',
    name: 'Vitest',
    packages: { vitest: '4' },
    shows: (project) => project.version('vitest'),
    steps: [
      command('tasks in a spec', 'vitest run --testTimeout 60000 vitest.spec.mjs'),
      tests('vitest'),
    ],
  },
  {
    id: 'node-test',
    group: 'Test runners',
    name: 'node:test',
    steps: [command('tasks in a test', 'node --test node-test.mjs'), tests('node-test')],
  },

  managed('pnpm', pnpm, tasks()),
  managed('yarn classic', yarnClassic, tasks()),
  managed("yarn Plug'n'Play", yarnPnp, [
    { name: 'import', perform: ({ manager }) => manager.run(['node', 'worker.mjs']) },
    { name: 'require', perform: ({ manager }) => manager.run(['node', 'worker.cjs']) },
  ]),

  {
    id: 'zod-3',
    group: 'Beside other versions',
    name: 'zod 3',
    packages: { zod: '3' },
    shows: (project) => project.version('zod'),
    steps: [program('import', 'own-zod.mjs'), ...tasks().slice(1)],
  },
  ownUndici('6'),
  ownUndici('8', '24'),
  futureSdk('20'),

  {
    id: 'newest',
    group: 'Newest',
    name: 'Newest dependencies',
    newest: true,
    shows: (project) => `SDK ${project.version('@aws-sdk/client-sfn')}`,
    steps: [...tasks(), ...readme()],
  },
];
