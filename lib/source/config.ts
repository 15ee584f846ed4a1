import { hostname } from 'node:os';
import { z } from 'zod';
import { hintFor } from '../common/suggest-key.js';
import { getProperty } from '../common/property.js';
import { formatValue } from '../common/format-value.js';

/** What `createStepFuncSource` takes as its first argument: plain data. Unknown keys are refused. */
export interface StepFuncSourceConfig {
  /** The activity to poll: 1 to 80 characters, by AWS's rule for names (API reference, CreateActivity). */
  activityName: string;
  /** Where on the component to POST: begins with one `/`, percent-encoded, a query is allowed. */
  path: string;
  /** Tasks at a time over all instances: a whole number from 1. Default 1. There are 100,000 pollers at most. */
  maxConcurrency?: number | undefined;
  /** Tasks at a time per poller: a whole number from 1. Default 1. */
  concurrencyPerPoller?: number | undefined;
  /**
   * Milliseconds that the component has to answer: a whole number from 1. Default 300,000. After it
   * the task is failed with `StepFuncSource.Timeout`.
   */
  invokeTimeoutMs?: number | undefined;
  /**
   * What becomes of a task whose connection to the component is never made: refused, unreachable, or
   * no such host.
   *
   * - `'fail'`: it is failed with `StepFuncSource.InvokeFailed`.
   * - `'wait'`: it is sent again, with back-off, within `invokeTimeoutMs`. Its poller sends no new poll
   *   meanwhile, so that a component which restarts does not turn the backlog into failures.
   *
   * @default 'fail'
   */
  onComponentDown?: 'fail' | 'wait' | undefined;
  /**
   * Milliseconds between heartbeats of a task: a whole number from 1. Default: no heartbeats. Set it
   * well below the state's `HeartbeatSeconds`, which AWS never tells the worker.
   */
  heartbeatIntervalMs?: number | undefined;
  /** Shown in the execution's history: 1 to 80 characters. Default: host name and process id. */
  workerName?: string | undefined;
  /**
   * Milliseconds that `start()` goes on trying through passing trouble: throttling, 5xx, no network,
   * credentials that are not there yet. A whole number from 0; with 0 there is one attempt. Trouble
   * that can't pass (access denied, a bad name, no region) rejects at once.
   *
   * @default 60_000
   */
  startTimeoutMs?: number | undefined;
  /** The activity's ARN, where it is known: CreateActivity is then never called. */
  activityArn?: string | undefined;
  /**
   * With `locks` only: milliseconds until the poller of an instance that has died is free for others:
   * a whole number from 1,000. Default 30,000.
   */
  lockTtlMs?: number | undefined;
  /** With `locks` only: pollers that this instance holds at most: a whole number from 1. Default: all. */
  maxPollersPerInstance?: number | undefined;
  /**
   * With `locks` only: what becomes of a lost poller's tasks. `'drain'`, the default: they run to their
   * end, beside those of whoever has the poller next. `'abort'`: their invokes are aborted, and they are
   * failed with `StepFuncSource.LeaseLost`.
   */
  onLeaseLost?: 'drain' | 'abort' | undefined;
}

/** A config with its defaults filled in. */
export type Config = z.output<typeof schema>;

/** The config is wrong. `message` names every bad key, what came and what is wanted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** zod's own account of it. */
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(where: string, config: unknown, issues: readonly z.core.$ZodIssue[]) {
    super(`${where}: bad config\n${issues.flatMap((i) => tell(config, i)).join('\n')}`);
    this.issues = issues;
  }
}

/**
 * Checks a config and fills in the defaults. `withLocks` tells whether the keys that only matter to a
 * shared limit have a meaning here. Throws a {@link ConfigError}.
 */
export function parseConfig(config: unknown, withLocks: boolean): Config {
  const parsed = schema.safeParse(config);
  const issues = [
    ...(parsed.success ? tooManyPollers(parsed.data) : parsed.error.issues),
    ...(withLocks
      ? []
      : lockKeys.filter((key) => getProperty(config, key) !== undefined).map(needsLocks)),
  ];
  if (!parsed.success || issues.length > 0)
    throw new ConfigError('createStepFuncSource', config, issues);
  return parsed.data;
}

/** What may change while a source runs. */
export type ConcurrencyLimits = Pick<
  StepFuncSourceConfig,
  'maxConcurrency' | 'concurrencyPerPoller'
>;

/**
 * A config with other sizes; those that are not given stay. `rolesAreShared`: other instances may hold
 * pollers of the present size at this moment. Throws a {@link ConfigError}.
 */
export function resizeConfig(config: Config, sizes: unknown, rolesAreShared: boolean): Config {
  const parsed = sizesSchema.safeParse(sizes);
  if (!parsed.success) throw new ConfigError('resize', sizes, parsed.error.issues);
  const { maxConcurrency, concurrencyPerPoller } = parsed.data;
  if (
    rolesAreShared &&
    (concurrencyPerPoller ?? config.concurrencyPerPoller) !== config.concurrencyPerPoller
  ) {
    const message = `${config.concurrencyPerPoller}, the size of the pollers that other instances share, until a restart`;
    throw new ConfigError('resize', sizes, [issue('concurrencyPerPoller', message)]);
  }
  const resized = {
    ...config,
    maxConcurrency: maxConcurrency ?? config.maxConcurrency,
    concurrencyPerPoller: concurrencyPerPoller ?? config.concurrencyPerPoller,
  };
  const issues = tooManyPollers(resized);
  if (issues.length > 0) throw new ConfigError('resize', resized, issues);
  return resized;
}

/** A slip of the keyboard should not end in an array that no memory holds. */
function tooManyPollers({ maxConcurrency, concurrencyPerPoller }: Config): z.core.$ZodIssue[] {
  if (maxConcurrency / concurrencyPerPoller <= MOST_POLLERS) return [];
  const most = MOST_POLLERS.toLocaleString('en-US');
  return [issue('maxConcurrency', `at most ${most} times concurrencyPerPoller`)];
}

function needsLocks(key: string): z.core.$ZodIssue {
  const message = 'options.locks beside it, or no value';
  return issue(key, message);
}

function issue(key: string, message: string): z.core.$ZodIssue {
  return { code: 'custom', path: [key], message, input: undefined };
}

const MOST_POLLERS = 100_000;

// White space, brackets, wildcards, AWS's special characters, control characters, surrogates,
// and the two code points at the end of the basic plane (API reference, CreateActivity, "name").
const NOT_IN_A_NAME =
  // eslint-disable-next-line no-control-regex -- AWS's rule names them
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;
// Visible ASCII: what RFC 9112 allows in a request target, without a fragment. By `new URL(path, base)`,
// one that begins with two slashes, of either kind, would lead to another host.
const REQUEST_PATH = /^\/(?![/\\])[!-"$-~]*$/;
const ACTIVITY_ARN = /^arn:[\w-]+:states:[\w-]+:\d{12}:activity:\S{1,80}$/;

const wholeNumber = wholeNumberFrom(1);

/** What only a limit that is shared by several instances needs. */
const lockShape = {
  lockTtlMs: wholeNumberFrom(1_000).default(30_000),
  maxPollersPerInstance: wholeNumber.optional(),
  onLeaseLost: wanted("'drain' or 'abort'", (expected) =>
    z.enum(['drain', 'abort'], expected).default('drain'),
  ),
};
const lockKeys = Object.keys(lockShape);

const shape = {
  activityName: wanted(
    'a name of 1 to 80 characters without white space, control characters or any of <>{}[]?*"#%\\^|~`$&,;:/',
    (expected) =>
      z
        .string(expected)
        .min(1, expected)
        .max(80, expected)
        .refine((name) => !NOT_IN_A_NAME.test(name), expected),
  ),
  path: wanted(
    "a request path that begins with one '/', percent-encoded, without white space, control characters or '#'",
    (expected) => z.string(expected).regex(REQUEST_PATH, expected),
  ),
  maxConcurrency: wholeNumber.default(1),
  concurrencyPerPoller: wholeNumber.default(1),
  invokeTimeoutMs: wholeNumber.default(300_000),
  onComponentDown: wanted("'fail' or 'wait'", (expected) =>
    z.enum(['fail', 'wait'], expected).default('fail'),
  ),
  heartbeatIntervalMs: wholeNumber.optional(),
  workerName: wanted('1 to 80 characters', (expected) =>
    z
      .string(expected)
      .min(1, expected)
      .max(80, expected)
      .default(() => `${hostname()}:${process.pid}`.slice(-80)),
  ),
  activityArn: wanted(
    "an activity's ARN as arn:aws:states:<region>:<account id>:activity:<name>",
    (expected) => z.string(expected).regex(ACTIVITY_ARN, expected).optional(),
  ),
  startTimeoutMs: wholeNumberFrom(0).default(60_000),
  ...lockShape,
};

const schema = z.strictObject(shape, { error: 'an object with at least activityName and path' });

const sizesSchema = z.strictObject(
  { maxConcurrency: wholeNumber.optional(), concurrencyPerPoller: wholeNumber.optional() },
  { error: 'an object with maxConcurrency or concurrencyPerPoller' },
);

function wholeNumberFrom(least: number): z.ZodInt {
  return wanted(`a whole number from ${least.toLocaleString('en-US')}`, (expected) =>
    z.int(expected).min(least, expected),
  );
}

/** Gives every check of one key the same words, which say what is wanted. */
function wanted<T>(expected: string, build: (params: { error: string }) => T): T {
  return build({ error: expected });
}

function tell(config: unknown, issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map(tellUnknown);
  const key = issue.path.join('.');
  const came = key === '' ? config : getProperty(config, key);
  return [`- ${key === '' ? 'config' : key}: expected ${issue.message}, got ${formatValue(came)}`];
}

function tellUnknown(key: string): string {
  return `- ${JSON.stringify(key)}: unknown key; ${hintFor(key, Object.keys(shape), 'keys')}`;
}
