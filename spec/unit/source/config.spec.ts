import { describe, expect, it } from 'vitest';
import { parseConfig, resizeConfig } from '../../../lib/source/config.js';
import { ConfigError } from '../../../lib/source/config-error.js';

const good = { activityName: 'sum', path: '/step/sum' };
const arn = 'arn:aws:states:eu-west-1:123456789012:activity:sum';

const parse = (config: unknown, { withLocks = false, pathless = false } = {}) =>
  parseConfig(config, { withLocks, pathless });

function errorOf(call: () => unknown): ConfigError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('the config was taken');
}

const refusal = (config: unknown, withLocks = false) =>
  errorOf(() => parse(config, { withLocks })).message;

describe('parseConfig', () => {
  it('fills in the defaults', () => {
    const config = parse(good);
    expect(config).toEqual({
      ...good,
      maxConcurrency: 1,
      concurrencyPerPoller: 1,
      invokeTimeoutMs: 300_000,
      startTimeoutMs: 60_000,
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
      startTimeoutMs: 0,
      heartbeatIntervalMs: 1,
      workerName: 'w',
      activityArn: 'arn:aws-cn:states:cn-north-1:123456789012:activity:sum',
      lockTtlMs: 1_000,
      maxPollersPerInstance: 2,
      onComponentDown: 'wait',
      onLeaseLost: 'abort',
    };
    expect(parse(config, { withLocks: true })).toEqual(config);
  });

  it.each([
    ['activityName', 'a/b'],
    ['path', 'step/sum'],
    ['maxConcurrency', '10'],
    ['lockTtlMs', 999],
  ])('refuses %s of %j, naming the key, what came and what is expected', (key, value) => {
    const message = refusal({ ...good, [key]: value }, true);
    expect(message).toMatch(new RegExp(`^- ${key}: expected .*, got .+$`, 'm'));
    expect(message.match(/^- /gm)).toHaveLength(1);
  });

  it.each([
    ['lockTtlMs', 30_000],
    ['maxPollersPerInstance', 2],
    ['onLeaseLost', 'drain'],
  ])('refuses %s without locks, which would do nothing', (key, value) => {
    expect(refusal({ ...good, [key]: value })).toContain(
      `- ${key}: expected options.locks beside it, or no value, got `,
    );
  });

  it('refuses region, which belongs to options.clientConfig', () => {
    expect(refusal({ ...good, region: 'eu-west-1' })).toContain(
      '- "region": unknown key; it belongs to options.clientConfig',
    );
  });

  it('lists unknown keys as data, as they came, and in words on one line', () => {
    const { issues, message } = errorOf(() => parse({ ...good, 'max\nconcurrency': 1 }));
    expect(issues).toEqual([
      { path: 'max\nconcurrency', message: 'unknown key; did you mean maxConcurrency?' },
    ]);
    expect(message.split('\n')).toHaveLength(2);
  });

  describe('with activityArn', () => {
    const path = '/step/sum';
    it('needs no activityName: it is the last part of the ARN', () => {
      expect(parse({ activityArn: arn, path })).toMatchObject({ activityName: 'sum' });
    });

    it('takes an activityName that is the same', () => {
      expect(parse({ activityName: 'sum', activityArn: arn, path })).toMatchObject({
        activityName: 'sum',
        activityArn: arn,
      });
    });

    it.each(['other', 'Sum', 'sum2', 'su'])('refuses the activityName %s of another', (name) => {
      expect(errorOf(() => parse({ activityName: name, activityArn: arn, path })).issues).toEqual([
        {
          path: 'activityName',
          message: `expected "sum", the name in activityArn, or no value, got "${name}" (string of ${name.length})`,
        },
      ]);
    });

    it('names a bad ARN alone, and a bad name alone', () => {
      const paths = (config: object) =>
        errorOf(() => parse({ path, ...config })).issues.map((issue) => issue.path);
      expect(paths({ activityArn: 'sum' })).toEqual(['activityArn']);
      expect(paths({ activityName: '', activityArn: arn })).toEqual(['activityName']);
      expect(paths({})).toEqual(['activityName']);
    });
  });

  describe('the path', () => {
    it('is required, and the message says where it is not', () => {
      expect(errorOf(() => parse({ activityName: 'sum' })).issues).toEqual([
        {
          path: 'path',
          message: expect.stringMatching(
            /^expected a request path .*, got nothing; only an invoke of functionInvoke's needs no path$/,
          ) as string,
        },
      ]);
    });

    it('is / for an invoke that has no use for it, unless there is one', () => {
      expect(parse({ activityName: 'sum' }, { pathless: true })).toMatchObject({ path: '/' });
      expect(parse(good, { pathless: true })).toMatchObject({ path: '/step/sum' });
      expect(() => parse({ ...good, path: 'x' }, { pathless: true })).toThrow(ConfigError);
    });
  });

  it('refuses more pollers than a person can mean', () => {
    expect(refusal({ ...good, maxConcurrency: 5e9 })).toContain(
      '- maxConcurrency: expected at most 100,000 times concurrencyPerPoller, got 5000000000 (number)',
    );
    const plenty = { maxConcurrency: 5e9, concurrencyPerPoller: 5e4 };
    expect(parse({ ...good, ...plenty })).toMatchObject(plenty);
  });

  it('names every bad key at once, in words and as data', () => {
    const error = errorOf(() => parse({ activityName: '', path: 'x', maxConcurrency: '3' }));
    expect(error.issues).toEqual([
      { path: 'activityName', message: expect.stringMatching(/^expected a name of/) as string },
      { path: 'path', message: expect.stringMatching(/^expected a request path/) as string },
      {
        path: 'maxConcurrency',
        message: 'expected a whole number from 1, got "3" (string of 1)',
      },
    ]);
    expect(error.message).toBe(
      [
        'createStepFuncSource: bad config',
        `- activityName: expected a name of 1 to 80 characters without white space, control characters or any of <>{}[]?*"#%\\^|~\`$&,;:/, got "" (string of 0)`,
        `- path: expected a request path that begins with one '/', percent-encoded, without white space, control characters or '#', got "x" (string of 1)`,
        `- maxConcurrency: expected a whole number from 1, got "3" (string of 1)`,
      ].join('\n'),
    );
  });
});

describe('resizeConfig', () => {
  const config = parse(good);
  const issuesOf = (limits: unknown) => errorOf(() => resizeConfig(config, limits, false)).issues;

  it.each([
    ['maxconcurrency', 'did you mean maxConcurrency?'],
    ['concurrency', 'known keys are maxConcurrency, concurrencyPerPoller'],
    ['invokeTimeoutMs', 'known keys are maxConcurrency, concurrencyPerPoller'],
  ])('refuses %s: %s', (key, hint) => {
    expect(issuesOf({ [key]: 5 })).toEqual([{ path: key, message: `unknown key; ${hint}` }]);
  });

  it.each([[undefined], [null], [5], ['5'], [[5]]])('refuses %j', (limits) => {
    expect(issuesOf(limits)).toMatchObject([
      {
        path: '',
        message: expect.stringMatching(
          /^expected an object with maxConcurrency or concurrencyPerPoller, got /,
        ) as string,
      },
    ]);
  });

  it('refuses another size of pollers that other instances share', () => {
    expect(errorOf(() => resizeConfig(config, { concurrencyPerPoller: 2 }, true)).issues).toEqual([
      {
        path: 'concurrencyPerPoller',
        message:
          'expected 1, the size of the pollers that other instances share, until a restart, got 2 (number)',
      },
    ]);
  });
});
