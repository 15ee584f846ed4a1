import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  configKeys,
  configSchema,
  issuesOf,
  limitsSchema,
  nameInArn,
} from '../../../lib/source/config-schema.js';

const good = { activityName: 'sum', path: '/step/sum' };
const arn = 'arn:aws:states:eu-west-1:123456789012:activity:sum';

const issuesIn = (config: unknown) =>
  issuesOf(config, configSchema.safeParse(config).error?.issues ?? [], configKeys);

describe('nameInArn', () => {
  it.each<[unknown, string | undefined]>([
    [arn, 'sum'],
    ['arn:aws-cn:states:cn-north-1:123456789012:activity:a-b_c.d', 'a-b_c.d'],
    [arn.replace('activity', 'stateMachine'), undefined],
    [`${arn}:b`, undefined],
    [arn.replace('123456789012', '12345'), undefined],
    [arn.replace('sum', 'a'.repeat(80)), 'a'.repeat(80)],
    [arn.replace('sum', 'a'.repeat(81)), undefined],
    ['sum', undefined],
    ['', undefined],
    [undefined, undefined],
    [7, undefined],
  ])('of %s is %s', (value, name) => expect(nameInArn(value)).toBe(name));
});

describe('configSchema', () => {
  it.each([
    ['activityName', ''],
    ['activityName', 'a'.repeat(81)],
    ['activityName', 'with space'],
    ['activityName', 'a/b'],
    ['activityName', 'a\u0085'],
    ['activityName', '\u{10ffff}'],
    ['activityName', 7],
    ['path', 'step/sum'],
    ['path', '//host/path'],
    ['path', '/\\host/path'],
    ['path', '/a b'],
    ['path', '/a#b'],
    ['path', '/a\r\nb'],
    ['path', '/\u0000'],
    ['path', ''],
    ['path', 'http://elsewhere/'],
    ['maxConcurrency', 0],
    ['maxConcurrency', 1.5],
    ['maxConcurrency', '10'],
    ['maxConcurrency', Number.NaN],
    ['maxConcurrency', Infinity],
    ['maxConcurrency', null],
    ['concurrencyPerPoller', -1],
    ['invokeTimeoutMs', 0],
    ['startTimeoutMs', -1],
    ['heartbeatIntervalMs', 0],
    ['workerName', ''],
    ['workerName', 'w'.repeat(81)],
    ['onComponentDown', 'retry'],
    ['lockTtlMs', 999],
    ['lockTtlMs', 3_600_001],
    ['lockTtlMs', '30s'],
    ['maxPollersPerInstance', 0],
    ['onLeaseLost', 'run'],
    ['activityArn', 'sum'],
    ['activityArn', arn.replace('activity', 'stateMachine')],
    ['activityArn', ''],
  ])('refuses %s of %j, and says what it expects and what came', (key, value) => {
    expect(issuesIn({ ...good, [key]: value })).toEqual([
      { path: key, message: expect.stringMatching(/^expected .+, got .+$/s) as string },
    ]);
  });

  it.each([
    ['activityName', 'a'.repeat(80)],
    ['startTimeoutMs', 0],
    ['lockTtlMs', 1_000],
    ['lockTtlMs', 3_600_000],
    ['workerName', 'w'.repeat(80)],
    ['invokeTimeoutMs', Number.MAX_SAFE_INTEGER],
    ['path', '/a?b=c'],
  ])('takes %s up to its edge: %j', (key, value) => {
    expect(configSchema.parse({ ...good, [key]: value })).toMatchObject({ [key]: value });
  });

  it.each(['client', 'clientConfig', 'locks', 'logCauses', 'logger', 'taskAttributes'])(
    'says of %s that it belongs to the third argument',
    (key) => {
      expect(issuesIn({ ...good, [key]: {} })).toEqual([
        { path: key, message: 'unknown key; it belongs to the options, the third argument' },
      ]);
    },
  );

  it.each([
    ['maxconcurrency', 'maxConcurrency'],
    ['concurrencyperpoller', 'concurrencyPerPoller'],
    ['activityname', 'activityName'],
    ['max_concurrency', 'maxConcurrency'],
    ['invokeTimeout', 'invokeTimeoutMs'],
    ['heartbeatIntervallMs', 'heartbeatIntervalMs'],
  ])("sees from %s, as of maelstrom's YAML or a slip, that %s was meant", (key, meant) => {
    expect(issuesIn({ ...good, [key]: 1 })).toEqual([
      { path: key, message: `unknown key; did you mean ${meant}?` },
    ]);
  });

  it('lists the known keys if none comes close', () => {
    const [issue] = issuesIn({ ...good, color: 'red' });
    expect(issue?.message).toMatch(/^unknown key; known keys are activityName, path, /);
  });

  it.each([[undefined], [null], ['sum'], [[]], [42]])('refuses %j as a config', (config) => {
    expect(issuesIn(config)).toMatchObject([
      {
        path: '',
        message: expect.stringMatching(
          /^expected an object with at least activityName and path, got /,
        ) as string,
      },
    ]);
  });

  it('takes every name that AWS takes, and every path of visible ASCII', () => {
    const nameChar = fc
      .integer({ min: 0x21, max: 0xd7ff })
      .map((code) => String.fromCharCode(code))
      .filter((c) => !/[\s<>{}[\]?*"#%\\^|~`$&,;:/\u007f-\u009f]/.test(c));
    const pathChar = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(
        fc.string({ unit: nameChar, minLength: 1, maxLength: 80 }).filter((s) => s.length <= 80),
        fc
          .string({ unit: pathChar.filter((c) => c !== '#') })
          .filter((rest) => !/^[/\\]/.test(rest))
          .map((rest) => `/${rest}`),
        (activityName, path) => {
          expect(configSchema.parse({ activityName, path })).toMatchObject({ activityName, path });
        },
      ),
    );
  });
});

describe('limitsSchema', () => {
  it('takes either limit or both, and nothing else', () => {
    for (const limits of [{}, { maxConcurrency: 2 }, { concurrencyPerPoller: 2 }]) {
      expect(limitsSchema.parse(limits)).toEqual(limits);
    }
    for (const limits of [{ maxConcurrency: 0 }, { other: 1 }, [], null]) {
      expect(limitsSchema.safeParse(limits).success).toBe(false);
    }
  });
});
