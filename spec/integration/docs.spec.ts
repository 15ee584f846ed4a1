import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startFakeSfnServer } from '../../lib/testing/index.js';
import type { CompiledPages } from '../docs/compile.js';
import { compilePages } from '../docs/compile.js';
import { codeIn, readPage, readPages, root } from '../docs/pages.js';
import { awsEnvironment } from './support/aws-environment.js';
import type { Handler } from './support/component.js';
import { startComponent } from './support/component.js';

const readme = readPage('README.md');

describe('the code in the docs', () => {
  let compiled: CompiledPages;
  beforeAll(() => {
    compiled = compilePages(readPages());
  }, 120_000);

  /** The names that lead the code in a cell: of `stop({ graceMs }?)`, `stop`. */
  const leading = (cell: string | undefined) =>
    codeIn(cell).flatMap((code) => /^\w+/.exec(code)?.[0] ?? []);
  const column = (page: string, heading: string) =>
    readPage(page)
      .table(heading)
      .flatMap(([first]) => leading(first))
      .sort();

  it('compiles against lib', () => {
    expect(compiled.blocks).toBeGreaterThan(15);
    expect(compiled.errors).toEqual([]);
  });

  it.each([
    ['Config', 'StepFuncSourceConfig'],
    ['Options', 'StepFuncSourceOptions'],
    ['The source', 'StepFuncSource'],
    ['Events', 'StepFuncSourceEvents'],
    ['Status', 'StepFuncSourceStatus'],
  ])("README's table under %s names exactly the members of %s", (heading, type) => {
    expect(column('README.md', heading)).toEqual(compiled.membersOf(type).sort());
  });

  it("README's table of events names exactly the fields of each", () => {
    const told = readme
      .table('Events')
      .map(([event, fields]) => [codeIn(event)[0], codeIn(fields).sort()]);
    const fields = [...compiled.membersOfMembers('StepFuncSourceEvents')].map(([event, names]) => [
      event,
      names.filter((name) => name !== 'activityName').sort(),
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(fields));
  });

  it("README's table under Health names exactly the problems that there are", () => {
    const problems = compiled.stringsOf('HealthProblem', 'problem').sort();
    expect(problems).toContain('notRunning');
    expect(column('README.md', 'Health')).toEqual(problems);
  });

  it('docs/architecture.md names exactly the reasons that an invoke is aborted for', () => {
    const codes = compiled.stringsOf('InvokeAborted', 'code').sort();
    expect(codes).toContain('timeout');
    expect(column('docs/architecture.md', 'Cancellation')).toEqual(codes);
  });
});

describe("README's examples", () => {
  const adds: Handler = ({ path, body }, response) => {
    const numbers = JSON.parse(body) as number[];
    response.statusCode = path === '/step/sum' ? 200 : 404;
    response.end(String(numbers.reduce((total, number) => total + number, 0)));
  };

  it.each([
    ['quick-start', 'mjs'],
    ['quick-start-cjs', 'cjs'],
  ])('%s runs as it stands, and ends with exit code 0 on SIGTERM', async (name, extension) => {
    const example = readme.blocks.filter((block) => block.example === name);
    expect(example).toHaveLength(1);
    await using aws = await startFakeSfnServer({ longPollMs: 500 });
    await using component = await startComponent(adds);
    const folder = await mkdtemp(join(tmpdir(), 'docs-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, `example.${extension}`);
    await writeFile(file, example[0]?.code ?? '');

    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        COMPONENT_URL: component.url,
        ...awsEnvironment(aws.endpoint),
      },
    });
    // An example that does not end fails the test, and must not outlive it.
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => (said += data.toString()));
    }
    const ended = once(child, 'close');
    const gaveUp = new AbortController();
    void ended.then(() => gaveUp.abort());

    const outcome = await aws.sfn.runTask('sum', [1, 2, 3], { signal: gaveUp.signal });
    expect(outcome, said).toEqual({ status: 'SUCCEEDED', output: '6' });
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(said).toBe('');
  });
});
