import { beforeAll, describe, expect, it } from 'vitest';
import { readExamples } from './comments.js';
import type { CompiledPages } from './compile.js';
import { compilePages } from './compile.js';
import type { Block } from './pages.js';
import { codeIn, readPage, readPages } from './pages.js';

const reference = readPage('docs/reference.md');

describe('the code in the docs', () => {
  let examples: Block[];
  let compiled: CompiledPages;
  beforeAll(() => {
    examples = readExamples();
    // Together, as a compiler reads lib and its dependencies for each program anew.
    compiled = compilePages([...readPages(), { blocks: examples }]);
  }, 120_000);

  /** The names that lead the code in a cell: of `stop({ graceMs }?)`, `stop`. */
  const leading = (cell: string | undefined) =>
    codeIn(cell).flatMap((code) => /^\w+/.exec(code)?.[0] ?? []);
  const column = (page: string, heading: string) =>
    readPage(page)
      .table(heading)
      .flatMap(([first]) => leading(first))
      .sort();

  it('compiles against lib, and so do the examples of doc comments', () => {
    expect(examples.length).toBeGreaterThan(15);
    expect(compiled.blocks - examples.length).toBeGreaterThan(15);
    expect(compiled.errors).toEqual([]);
  });

  it.each([
    ['Config', 'StepFuncSourceConfig'],
    ['Options', 'StepFuncSourceOptions'],
    ['The source', 'StepFuncSource'],
    ['Events', 'StepFuncSourceEvents'],
    ['Stopping', 'StopSummary'],
    ['Status', 'StepFuncSourceStatus'],
  ])('the table under %s names exactly the members of %s', (heading, type) => {
    expect(column('docs/reference.md', heading)).toEqual(compiled.membersOf(type).sort());
  });

  it('the table of events names exactly the fields of each', () => {
    const listed = reference
      .table('Events')
      .map(([event, fields]) => [codeIn(event)[0], codeIn(fields).sort()]);
    const fields = [...compiled.membersOfMembers('StepFuncSourceEvents')].map(([event, names]) => [
      event,
      names.filter((name) => name !== 'activityName').sort(),
    ]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(fields));
  });

  it('the table under Health names exactly the problems that there are', () => {
    const problems = compiled.stringsOf('HealthProblem', 'code').sort();
    expect(problems).toContain('notRunning');
    expect(column('docs/reference.md', 'Health')).toEqual(problems);
  });

  it('the table under Invoke names exactly the reasons that an invoke is aborted for', () => {
    const codes = compiled.stringsOf('InvokeAbortError', 'code').sort();
    expect(codes).toContain('timeout');
    expect(column('docs/reference.md', 'Invoke')).toEqual(codes);
  });
});
