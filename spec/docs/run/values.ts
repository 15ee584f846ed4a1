import type { StepFuncSource } from 'stepfunc-source';
import ts from 'typescript';
import { expect } from 'vitest';
import { write, writeProgram } from './folder.js';
import { startNode } from '../../support/integration/process.js';
import { alone, beside } from './run.js';

/** A block with the value of an expression in a comment behind it. */
export const value = alone('a value', async (block, context) => {
  const file = await write(block, context.onTestFinished, (code) =>
    code.replace(/^(.+); \/\/ (\{.*\})$/m, 'export const value = $1, expected = $2;'),
  );
  const { value, expected } = (await import(file)) as { value: unknown; expected: unknown };
  expect(expected).toBeDefined();
  expect(value).toEqual(expected);
});

/**
 * A block that declares types: there is nothing to run, which is all that is left to see here. That
 * they are those of lib is seen where the pages are compiled.
 */
export const types = alone('types, with nothing to run', ({ code }) => {
  expect(ts.transpile(code, { target: ts.ScriptTarget.ES2022 }).trim()).toBe('"use strict";');
});

/** A block that makes a source which could not run here: all is checked, and no network is touched. */
export const created = alone('a source that is made', async (block, context) => {
  const file = await write(block, context.onTestFinished);
  const { source } = (await import(file)) as { source: StepFuncSource };
  expect(source.state).toBe('stopped');
});

/** A program that prints one line and ends: a comment behind the call has the line. */
export const prints = beside('a program that prints', async (block, { onTestFinished }) => {
  const file = await writeProgram(block, onTestFinished);
  const example = startNode([file], { env: {} });
  expect(await example.ended).toMatchObject({ code: 0 });
  expect(example.said()).toEqual([/console\.log\(.*\); \/\/ (.*)/.exec(block.code)?.[1]]);
});
