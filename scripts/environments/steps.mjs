import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exampleOf } from '../package/readme.mjs';
import { bundle } from './bundling.mjs';
import { takeFromPage } from './page.mjs';

/** Long enough for a start on a busy machine. A program that keeps its process alive takes longer. */
const TASKS_MS = 60_000;

const node = ['node'];

/** Steps that run programs/worker by import and by require. */
export function tasks(runtime = node) {
  return [program('import', 'worker.mjs', runtime), program('require', 'worker.cjs', runtime)];
}

/** A step that runs a program of programs/, which must end by itself. */
export function program(name, file, [command, ...args] = node) {
  return {
    name,
    perform: (project) => project.run(command, [...args, file], { timeoutMs: TASKS_MS }),
  };
}

/** Steps that run README.md's first example, as an ES module and as CommonJS. */
export function readme(runtime = node) {
  return [
    { kind: 'import', example: 'quick-start', file: 'example.mjs' },
    { kind: 'require', example: 'quick-start-cjs', file: 'example.cjs' },
  ].map(({ kind, example, file }) => ({
    name: `README's example by ${kind}`,
    async perform(project) {
      const runner = new URL('../package/project/run-example.mjs', import.meta.url);
      copyFileSync(fileURLToPath(runner), project.path('run-example.mjs'));
      project.write(file, exampleOf(example));
      const [command, ...args] = runtime;
      await project.run(command, [...args, 'run-example.mjs', file], { timeoutMs: TASKS_MS });
    },
  }));
}

/** A step that bundles as docs/bundling.md says, and runs the bundle without node_modules. */
export function bundled(name, title) {
  return { name: title, perform: (project) => bundle(project, name) };
}

/** A step that writes the tests of docs/testing.md, and runs them as it says. */
export function tests(name) {
  return {
    name: 'the tests of docs/testing.md',
    async perform(project) {
      const shell = takeFromPage(project, 'docs/testing.md', 'test', name);
      await project.run('bash', ['-euc', shell], { timeoutMs: TASKS_MS });
    },
  };
}

/** A step that runs a command to its end. */
export function command(name, line, options) {
  return { name, perform: (project) => project.run('bash', ['-euc', line], options) };
}
