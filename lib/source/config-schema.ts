import { hostname } from 'node:os';
import { z } from 'zod';
import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { hintFor } from '../common/suggest-key.js';
import { clientConfigKeys } from '../sfn/client-config.js';
import type { ConfigIssue } from './config-error.js';
import { UNKNOWN_KEY } from './config-error.js';
import type { StepFuncSourceConfig } from './config-keys.js';
import { optionKeys } from './option-keys.js';

// White space, brackets, wildcards, AWS's special characters, control characters, surrogates,
// and the two code points at the end of the basic plane. The source is "name" of
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateActivity.html
const NOT_IN_A_NAME =
  // eslint-disable-next-line no-control-regex -- AWS's rule names them
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;
// Visible ASCII: what RFC 9112 allows in a request target, without a fragment. A path that begins
// with two slashes, of either kind, would lead to another host by `new URL(path, base)`.
const REQUEST_PATH = /^\/(?![/\\])[!-"$-~]*$/;
const ACTIVITY_ARN = /^arn:[\w-]+:states:[\w-]+:\d{12}:activity:(\S{1,80})$/;

/** The activity's name in its ARN, or undefined if it is not the ARN of an activity. */
export function nameInArn(arn: unknown): string | undefined {
  const name = typeof arn === 'string' ? ACTIVITY_ARN.exec(arn)?.[1] : undefined;
  return name === undefined || NOT_IN_A_NAME.test(name) ? undefined : name;
}

/** What each key must be, as every message says it. */
export const expectedName =
  'a name of 1 to 80 characters without white space, control characters or any of <>{}[]?*"#%\\^|~`$&,;:/';
export const expectedPath =
  "a request path that begins with one '/', percent-encoded, without white space, control characters or '#'";

const wholeNumber = wholeNumberFrom(1);

/** The keys that are only for a limit that several instances share. */
const lockShape = {
  lockTtlMs: expecting('a whole number from 1,000 to 3,600,000', (expected) =>
    z.int(expected).min(1_000, expected).max(3_600_000, expected).default(30_000),
  ),
  maxPollersPerInstance: wholeNumber.optional(),
  onLeaseLost: expecting("'drain' or 'abort'", (expected) =>
    z.enum(['drain', 'abort'], expected).default('drain'),
  ),
};
export const lockKeys = Object.keys(lockShape);

const shape = {
  activityName: expecting(expectedName, (expected) =>
    z
      .string(expected)
      .min(1, expected)
      .max(80, expected)
      .refine((name) => !NOT_IN_A_NAME.test(name), expected)
      .optional(),
  ),
  path: expecting(expectedPath, (expected) =>
    z.string(expected).regex(REQUEST_PATH, expected).optional(),
  ),
  maxConcurrency: wholeNumber.default(1),
  concurrencyPerPoller: wholeNumber.default(1),
  invokeTimeoutMs: wholeNumber.default(300_000),
  onComponentDown: expecting("'fail' or 'wait'", (expected) =>
    z.enum(['fail', 'wait'], expected).default('fail'),
  ),
  heartbeatIntervalMs: wholeNumber.optional(),
  workerName: expecting('1 to 80 characters', (expected) =>
    z
      .string(expected)
      .min(1, expected)
      .max(80, expected)
      .default(() => `${hostname()}:${process.pid}`.slice(-80)),
  ),
  activityArn: expecting(
    "an activity's ARN as arn:aws:states:<region>:<account id>:activity:<name>",
    (expected) =>
      z
        .string(expected)
        .refine((arn) => nameInArn(arn) !== undefined, expected)
        .optional(),
  ),
  startTimeoutMs: wholeNumberFrom(0).default(60_000),
  ...lockShape,
} satisfies Record<keyof StepFuncSourceConfig, z.ZodType>;

/** Every key, in the order in which messages list them. */
export const configKeys = Object.keys(shape);

export const configSchema = z.strictObject(shape, {
  error: 'an object with at least activityName and path',
});

const limitsShape = {
  maxConcurrency: wholeNumber.optional(),
  concurrencyPerPoller: wholeNumber.optional(),
};

export const limitsSchema = z.strictObject(limitsShape, {
  error: 'an object with maxConcurrency or concurrencyPerPoller',
});

/** The issues of a value, in the package's own type: zod's types are not public. */
export function issuesOf(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  known: readonly string[],
): ConfigIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, known));
    const path = issue.path.join('.');
    return [unexpected(path, issue.message, path === '' ? value : getProperty(value, path))];
  });
}

/** The issue of a key whose value is wrong. */
export function unexpected(path: string, expected: string, came: unknown): ConfigIssue {
  return { path, message: `expected ${expected}, got ${formatValue(came)}` };
}

function unknownKey(key: string, known: readonly string[]): ConfigIssue {
  return { path: key, message: `${UNKNOWN_KEY}; ${whereItBelongs(key, known)}` };
}

// People put the keys of other arguments here by mistake.
function whereItBelongs(key: string, known: readonly string[]): string {
  if (optionKeys.includes(key)) return 'it belongs to the options, the third argument';
  if (clientConfigKeys.includes(key)) return 'it belongs to options.clientConfig';
  return hintFor(key, known, 'keys');
}

function wholeNumberFrom(least: number): z.ZodInt {
  return expecting(`a whole number from ${least.toLocaleString('en-US')}`, (expected) =>
    z.int(expected).min(least, expected),
  );
}

/** Gives all checks of one key the same message, which says what is expected. */
function expecting<T>(expected: string, build: (params: { error: string }) => T): T {
  return build({ error: expected });
}
