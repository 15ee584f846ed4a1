import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../lib/source/config.js';

const good = { activityName: 'sum', path: '/step/sum' };

function refusal(config: unknown, withLocks = false): string {
  try {
    parseConfig(config, withLocks);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the config was taken');
}

describe('parseConfig', () => {
  it('fills in the defaults', () => {
    const config = parseConfig(good, false);
    expect(config).toEqual({
      ...good,
      maxConcurrency: 1,
      concurrencyPerPoller: 1,
      invokeTimeoutMs: 300_000,
      lockTtlMs: 30_000,
      onComponentDown: 'fail',
      onLeaseLost: 'drain',
      workerName: expect.stringContaining(`:${process.pid}`) as string,
    });
    expect(config.workerName.length).toBeLessThanOrEqual(80);
  });

  it('keeps what is given', () => {
    const config = {
      ...good,
      maxConcurrency: 10,
      concurrencyPerPoller: 5,
      invokeTimeoutMs: Number.MAX_SAFE_INTEGER,
      heartbeatIntervalMs: 1,
      workerName: 'w',
      activityArn: 'arn:aws-cn:states:cn-north-1:123456789012:activity:sum',
      lockTtlMs: 1_000,
      maxPollersPerInstance: 2,
      onComponentDown: 'wait',
      onLeaseLost: 'abort',
    };
    expect(parseConfig(config, true)).toEqual(config);
  });

  it.each([
    ['activityName', ''],
    ['activityName', 'a'.repeat(81)],
    ['activityName', 'with space'],
    ['activityName', 'a/b'],
    ['activityName', 'a\u0085'],
    ['activityName', '\u{10ffff}'],
    ['activityName', 7],
    ['activityName', undefined],
    ['path', 'step/sum'],
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
    ['heartbeatIntervalMs', 0],
    ['workerName', ''],
    ['workerName', 'w'.repeat(81)],
    ['lockTtlMs', 999],
    ['lockTtlMs', '30s'],
    ['maxPollersPerInstance', 0],
    ['onLeaseLost', 'run'],
    ['activityArn', 'sum'],
    ['activityArn', 'arn:aws:states:eu-west-1:123456789012:stateMachine:sum'],
  ])('refuses %s of %j, naming the key, what came and what is wanted', (key, value) => {
    const message = refusal({ ...good, [key]: value }, true);
    expect(message).toMatch(new RegExp(`^- ${key}: expected .*, got .+$`, 'm'));
    expect(message.match(/^- /gm)).toHaveLength(1);
  });

  it.each([
    ['lockTtlMs', 30_000],
    ['maxPollersPerInstance', 2],
    ['onLeaseLost', 'drain'],
  ])('refuses %s without locks, where it would do nothing', (key, value) => {
    expect(refusal({ ...good, [key]: value })).toContain(
      `- ${key}: expected options.locks beside it, or no value, got `,
    );
  });

  it('refuses more pollers than anybody can mean', () => {
    expect(refusal({ ...good, maxConcurrency: 5e9 })).toContain(
      '- maxConcurrency: expected at most 100,000 times concurrencyPerPoller, got 5000000000 (number)',
    );
    const plenty = { maxConcurrency: 5e9, concurrencyPerPoller: 5e4 };
    expect(parseConfig({ ...good, ...plenty }, false)).toMatchObject(plenty);
  });

  it("names every bad key at once, and holds zod's issues", () => {
    const error = (() => {
      try {
        return parseConfig({ activityName: '', path: 'x', maxConcurrency: '3' }, false);
      } catch (thrown) {
        return thrown as ConfigError;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).issues.length).toBe(3);
    expect((error as ConfigError).message).toBe(
      [
        'createStepFuncSource: bad config',
        `- activityName: expected a name of 1 to 80 characters without white space, control characters or any of <>{}[]?*"#%\\^|~\`$&,;:/, got "" (string of 0)`,
        `- path: expected a request path that begins with one '/', percent-encoded, without white space, control characters or '#', got "x" (string of 1)`,
        `- maxConcurrency: expected a whole number from 1, got "3" (string of 1)`,
      ].join('\n'),
    );
  });

  it.each([
    ['maxconcurrency', 'maxConcurrency'],
    ['concurrencyperpoller', 'concurrencyPerPoller'],
    ['activityname', 'activityName'],
    ['max_concurrency', 'maxConcurrency'],
    ['invokeTimeout', 'invokeTimeoutMs'],
    ['heartbeatIntervallMs', 'heartbeatIntervalMs'],
  ])("tells from %s, as of maelstrom's YAML or a slip, that %s was meant", (key, meant) => {
    expect(refusal({ ...good, [key]: 1 })).toContain(
      `- "${key}": unknown key; did you mean ${meant}?`,
    );
  });

  it('lists the known keys where nothing comes close', () => {
    expect(refusal({ ...good, colour: 'red' })).toMatch(
      /"colour": unknown key; known keys are activityName, path, /,
    );
  });

  it.each([[undefined], [null], ['sum'], [[]], [42]])('refuses %j as a config', (config) => {
    expect(refusal(config)).toMatch(
      /- config: expected an object with at least activityName and path, got /,
    );
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
          expect(parseConfig({ activityName, path }, false)).toMatchObject({ activityName, path });
        },
      ),
    );
  });
});
