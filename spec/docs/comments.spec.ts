import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Documented } from './comments.js';
import { entries, readComments } from './comments.js';
import { root } from './pages.js';

describe('the doc comments of what users import', () => {
  let all: Documented[];
  beforeAll(() => {
    all = readComments();
  }, 120_000);

  const without = (chosen: readonly Documented[], tag: string) =>
    chosen
      .filter(({ tags }) => !tags.some(({ name }) => name === tag))
      .map(({ where, name }) => `${where} ${name}`);

  it('are read from every entry point', () => {
    expect(entries()).toContain('lib/locks/mysql.ts');
    const names = all.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['createStepFuncSource', 'StepFuncSource.stop', 'mysqlLocks']),
    );
  });

  it('say of everything what it is', () => {
    const silent = all.filter(({ summary }) => summary.trim() === '');
    expect(silent.map(({ where, name }) => `${where} ${name}`)).toEqual([]);
  });

  it('show every function at work', () => {
    const functions = all.filter(({ isFunction, name }) => isFunction && !name.includes('.'));
    expect(functions.map(({ name }) => name)).toContain('runAll');
    expect(without(functions, 'example')).toEqual([]);
  });

  it('say what a function throws, if it throws', () => {
    const throwing = all.filter(({ throws }) => throws);
    expect(throwing.map(({ name }) => name)).toContain('createStepFuncSource');
    expect(without(throwing, 'throws')).toEqual([]);
  });

  it('say so by the tag, not in the text', () => {
    const inWords = all.filter(({ summary }) => /^(?:Throws|Rejects)\b/m.test(summary));
    expect(inWords.map(({ where, name }) => `${where} ${name}`)).toEqual([]);
  });

  it('have the default of every option', () => {
    const options = all.filter(({ isOption }) => isOption);
    const names = options.map(({ name }) => name);
    for (const known of ['StepFuncSourceConfig.path', 'StopOptions.graceMs', 'FaultScope.times']) {
      expect(names).toContain(known);
    }
    expect(without(options, 'default')).toEqual([]);
  });
});

describe('the comments of lib', () => {
  it("give the address of what they have from AWS's documentation", () => {
    const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
    const cited = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        const lines = readFileSync(join(root, 'lib', file), 'utf8').split('\n');
        return lines.map((line, i) => ({ where: `lib/${file}:${i + 1}`, line }));
      })
      .filter(({ line }) => /API reference,|Step Functions quotas/.test(line));
    expect(cited.map(({ where }) => where)).toEqual([]);
  });
});
