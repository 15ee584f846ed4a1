import { describe, expect, it } from 'vitest';
import { ErrorName, httpErrorName } from '../../../lib/task/error-name.js';

const names = Object.values(ErrorName);

describe('ErrorName', () => {
  it('names each once, under one roof: never under States., which the language reserves', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^StepFuncSource\.[A-Z][A-Za-z]+$/);
  });

  it.each([
    ['Timeout', 'StepFuncSource.Timeout'],
    ['InvokeFailed', 'StepFuncSource.InvokeFailed'],
    ['InvalidOutput', 'StepFuncSource.InvalidOutput'],
    ['OutputTooLarge', 'StepFuncSource.OutputTooLarge'],
    ['OutputRefused', 'StepFuncSource.OutputRefused'],
    ['Stopped', 'StepFuncSource.Stopped'],
    ['LeaseLost', 'StepFuncSource.LeaseLost'],
  ] as const)('T3, T4: %s is %s, as state machines have it in Retry and Catch', (key, name) => {
    expect(ErrorName[key]).toBe(name);
  });
});

describe('httpErrorName', () => {
  it.each([100, 404, 999])('T3: has the status of a response that names no error: %i', (status) => {
    expect(httpErrorName(status)).toBe(`StepFuncSource.Http${status}`);
  });
});
