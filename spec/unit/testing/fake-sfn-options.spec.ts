import { describe, expect, it } from 'vitest';
import type { FakeSfnOptions } from '../../../lib/testing/fake-sfn-options.js';
import { checkFakeSfnOptions, fakeSfnKeys } from '../../../lib/testing/fake-sfn-options.js';

describe('checkFakeSfnOptions', () => {
  it("has AWS's rules by default, except for a shorter poll", () => {
    expect(checkFakeSfnOptions({})).toEqual({
      longPollMs: 1_000,
      loseTasksOfAbortedPolls: true,
      maxOpenPolls: 1_000,
      noTask: 'null',
      arnPrefix: 'arn:aws:states:us-east-1:123456789012:activity:',
    });
  });

  it('takes what is given', () => {
    const options: Required<FakeSfnOptions> = {
      longPollMs: 0,
      loseTasksOfAbortedPolls: false,
      maxOpenPolls: 0,
      noTask: 'empty',
      region: 'cn-north-1',
      accountId: '210987654321',
      partition: 'aws-cn',
    };
    expect(checkFakeSfnOptions(options)).toEqual({
      longPollMs: 0,
      loseTasksOfAbortedPolls: false,
      maxOpenPolls: 0,
      noTask: 'empty',
      arnPrefix: 'arn:aws-cn:states:cn-north-1:210987654321:activity:',
    });
    expect(fakeSfnKeys.sort()).toEqual(Object.keys(options).sort());
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [{ longPollMs: -1 }, RangeError, 'longPollMs: expected a number >= 0; got -1'],
    [{ longPollMs: NaN }, RangeError, 'longPollMs: expected a number >= 0; got NaN'],
    [{ maxOpenPolls: NaN }, RangeError, 'maxOpenPolls: expected a number >= 0; got NaN'],
    [{ noTask: 'none' }, TypeError, "noTask: expected 'null', 'absent' or 'empty', got \"none\""],
    [null, TypeError, 'FakeSfn: expected options to be an object, got null'],
    [{ longPolMs: 5 }, TypeError, 'FakeSfn: unknown option "longPolMs"; did you mean longPollMs?'],
  ])('refuses %j', (options, ErrorClass, message) => {
    const check = () => checkFakeSfnOptions(options as FakeSfnOptions);
    expect(check).toThrow(ErrorClass);
    expect(check).toThrow(message);
  });
});
