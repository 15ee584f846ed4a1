import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskInput } from '../../../lib/testing/task-input.js';

const refusal = (input: unknown): Error => {
  try {
    taskInput(input);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken');
};

/** A JSON string of so many bytes. */
const textOf = (size: number, unit: string) =>
  `"${unit.repeat((size - 2) / Buffer.byteLength(unit))}"`;

describe('taskInput', () => {
  it('takes JSON text as it is, and makes JSON of anything else', () => {
    expect(taskInput('{ "a": 1 }')).toBe('{ "a": 1 }');
    expect(taskInput({ a: [1, null] })).toBe('{"a":[1,null]}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(typeof value !== 'string');
        expect(taskInput(value)).toBe(JSON.stringify(value));
        expect(taskInput(JSON.stringify(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ['a text that is not JSON', 'hello', 'InvalidExecutionInput', /pass JSON\.stringify\(text\)/],
    ['an empty text', '', 'InvalidExecutionInput', /not valid JSON/],
    ['nothing', undefined, 'TypeError', /got undefined/],
    ['a function', () => 1, 'TypeError', /got function/],
    ['a symbol', Symbol('a'), 'TypeError', /got symbol/],
  ])('refuses %s', (_, input, name, message) => {
    const error = refusal(input);
    expect(error.name).toBe(name);
    expect(error.message).toMatch(message);
  });

  it.each(['x', 'ü', '🙂'])('takes 262,144 bytes of UTF-8, and no more (%s)', (unit) => {
    const most = textOf(262_142, unit);
    expect(taskInput(`${most}  `)).toHaveLength(most.length + 2);
    expect(refusal(`${most}   `)).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('less than or equal to 262144') as string,
    });
  });
});
