import { beforeAll, describe, expect, it } from 'vitest';
import type { CompiledPages } from './compile.js';
import { compilePages } from './compile.js';
import { codeIn, readPage, readPages } from './pages.js';

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
    const codes = compiled.stringsOf('InvokeAbortError', 'code').sort();
    expect(codes).toContain('timeout');
    expect(column('docs/architecture.md', 'Cancellation')).toEqual(codes);
  });
});
