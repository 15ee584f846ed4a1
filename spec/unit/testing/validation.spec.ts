import { ValidationException } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkActivityArn,
  checkName,
  checkOutput,
  fieldsOf,
} from '../../../lib/testing/validation.js';

const failed = 'failed to satisfy constraint: Member must';

describe('lengths', () => {
  const limits = [
    ['taskToken', 2_048, 1],
    ['activityArn', 256, 1],
    ['name', 80, 1],
    ['workerName', 80, 1],
    ['error', 256, 0],
    ['cause', 32_768, 0],
    ['output', 262_144, 0],
  ] as const;

  test.each(limits)('%s: at most %d', (name, max) => {
    expect(fieldsOf({ [name]: 'x'.repeat(max) }, name)).toHaveProperty(name);
    expect(() => fieldsOf({ [name]: 'x'.repeat(max + 1) }, name)).toThrow(
      `at '${name}' ${failed} have length less than or equal to ${max}`,
    );
  });

  test.each(limits)('%s, empty', (name, _max, min) => {
    if (min === 0) expect(fieldsOf({ [name]: '' }, name)).toHaveProperty(name, '');
    else expect(() => fieldsOf({ [name]: '' }, name)).toThrow(`Value '' at '${name}' ${failed}`);
  });

  test('output counts bytes of UTF-8, all others UTF-16 units', () => {
    fc.assert(
      fc.property(fc.constantFrom('x', 'ü', '€', '😀'), fc.integer({ min: -2, max: 2 }), (c, d) => {
        const bytes = Buffer.byteLength(c);
        const output = c.repeat(Math.floor(262_144 / bytes) + d);
        const cause = c.repeat(Math.floor(32_768 / c.length) + d);
        expect(refused('output', output)).toBe(Buffer.byteLength(output) > 262_144);
        expect(refused('cause', cause)).toBe(cause.length > 32_768);
      }),
    );
  });

  function refused(name: 'output' | 'cause', value: string): boolean {
    try {
      fieldsOf({ [name]: value }, name);
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(ValidationException);
      return true;
    }
  }
});

describe('messages', () => {
  test("are AWS's", () => {
    expect(() => fieldsOf({ cause: 'x'.repeat(32_769) }, 'cause')).toThrow(
      "1 validation error detected: Value at 'cause' failed to satisfy constraint: Member must have length less than or equal to 32768",
    );
    expect(() => fieldsOf({ taskToken: 't' }, 'taskToken', 'output')).toThrow(
      /^1 validation error detected: Value at 'output' failed to .* Member must not be null$/,
    );
  });

  test('name every violation, and no secret', () => {
    const input = { taskToken: null, error: 'secret'.repeat(100), cause: 'fine' };
    expect(() => fieldsOf(input, 'taskToken', 'error', 'cause')).toThrow(
      "2 validation errors detected: Value null at 'taskToken' failed to satisfy constraint: Member must not be null; " +
        "Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256",
    );
  });

  test('lone surrogates and what is not a string are refused', () => {
    for (const text of ['\ud83d', 'a\udc00b', '\ude00\ud83d']) {
      expect(() => fieldsOf({ error: text }, 'error')).toThrow('lone surrogates');
      expect(() => fieldsOf({ cause: text }, 'cause')).toThrow('lone surrogates');
    }
    expect(fieldsOf({ cause: '😀' }, 'cause')).toEqual({ cause: '😀' });
    expect(() => fieldsOf({ name: 5 }, 'name')).toThrow(
      expect.objectContaining({ name: 'SerializationException' }) as Error,
    );
  });
});

describe('names', () => {
  test('what AWS takes', () => {
    for (const name of ['sum', 'Sum-2_x.y', "it's(fine)!+=@", 'ü', '日本']) {
      expect(() => checkName(name)).not.toThrow();
    }
  });

  test('what it does not, wherever it stands', () => {
    const forbidden = [
      ...Array.from(
        ' \t\n\u00a0\u2003<>{}[]?*"#%\\^|~`$&,;:/\u0000\u001f\u007f\u009f\ufffe\uffff\ud800\udfff',
      ),
      '😀',
      '\u{10ffff}',
    ];
    const word = fc.stringMatching(/^[a-z]{0,9}$/);
    fc.assert(
      fc.property(word, fc.constantFrom(...forbidden), word, (before, c, after) => {
        expect(() => checkName(before + c + after)).toThrow(
          expect.objectContaining({
            name: 'InvalidName',
            message: `Invalid Name: '${before}${c}${after}'`,
          }) as Error,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

test.each([
  ['sum', "Invalid Arn: 'Invalid ARN prefix: sum'"],
  ['arn:aws:states:us-east-1:1:stateMachine:x', 'Resource type not valid in this context'],
  ['arn:aws:states:us-east-1:1:activity:', 'Expected arn:<partition>'],
  ['arn:aws:states:us-east-1:1:activity:a:b', 'Expected arn:<partition>'],
  ['arn:aws:sns:us-east-1:1:x', 'Expected arn:<partition>'],
])('an ARN that is not an activity: %s', (arn, message) => {
  expect(() => checkActivityArn(arn)).toThrow(message);
  expect(() => checkActivityArn(arn)).toThrow(
    expect.objectContaining({ name: 'InvalidArn' }) as Error,
  );
});

test('an output is taken if and only if it is JSON', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(() => checkOutput(json)).not.toThrow();
      expect(() => checkOutput(`${json}}`)).toThrow('Invalid Output');
    }),
  );
});
