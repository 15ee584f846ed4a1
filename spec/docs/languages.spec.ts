import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../support/integration/free-port.js';
import { readPage } from './pages.js';
import { addsUp } from './run/components.js';

/** How a component in a language other than JavaScript is started. */
interface Language {
  name: string;
  /** The file that the page's code is written to. */
  file: string;
  /** Whether it is here: a command that prints its version. */
  version: readonly [string, string];
  /** A command that compiles the file first, run beside it. */
  build?: readonly string[];
  start: readonly [string, ...string[]];
}

const languages: readonly Language[] = [
  {
    name: 'python',
    file: 'component.py',
    version: ['python3', '--version'],
    start: ['python3', 'component.py'],
  },
  {
    name: 'go',
    file: 'component.go',
    version: ['go', 'version'],
    // Not `go run`: its child would outlive it.
    build: ['go', 'build', '-o', 'component', 'component.go'],
    start: ['./component'],
  },
  {
    name: 'java',
    file: 'Component.java',
    version: ['java', '-version'],
    start: ['java', 'Component.java'],
  },
];

const { blocks } = readPage('docs/components.md');

describe('the components in other languages', () => {
  it.for(languages)(
    'in $name adds up, and refuses what is no list of numbers',
    async (
      { name, file, version: [program, option], build, start: [command, ...args] },
      context,
    ) => {
      const [block, ...others] = blocks.filter(({ language }) => language === name);
      expect([block?.code, others]).toEqual([expect.stringContaining('/step/sum'), []]);
      if (spawnSync(program, [option]).status !== 0) context.skip(`${program} is not on the PATH`);

      const folder = await mkdtemp(join(tmpdir(), `component-${name}-`));
      context.onTestFinished(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, file), block?.code ?? '');
      if (build !== undefined) {
        const [compiler = '', ...options] = build;
        const { status, stderr } = spawnSync(compiler, options, { cwd: folder, encoding: 'utf8' });
        expect([status, stderr]).toEqual([0, '']);
      }

      const port = await freePort();
      const env = { ...process.env, PORT: String(port) };
      const component = spawn(command, args, { cwd: folder, env, stdio: 'ignore' });
      const ended = once(component, 'exit');
      context.onTestFinished(async () => {
        component.kill('SIGKILL');
        await ended;
      });
      await addsUp(`http://localhost:${port}`);
    },
  );
});
