import type { z } from 'zod';
import { getProperty } from '../common/property.js';
import type { ConfigIssue } from './config-error.js';
import { ConfigError } from './config-error.js';
import {
  configKeys,
  configSchema,
  expectedName,
  expectedPath,
  issuesOf,
  limitsSchema,
  lockKeys,
  nameInArn,
  unexpected,
} from './config-schema.js';

/** What `createStepFuncSource` takes as its first argument: plain data. Unknown keys are refused. */
export interface StepFuncSourceConfig {
  /**
   * The activity to poll: 1 to 80 characters, by AWS's rule for names (API reference, CreateActivity).
   * Required, unless `activityArn` is given. If both are, they must have the same name.
   */
  activityName?: string | undefined;
  /**
   * Where on the component to POST: begins with one `/`, percent-encoded, a query is allowed.
   * Required, unless the invoke is one of `functionInvoke`.
   */
  path?: string | undefined;
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
   * a whole number from 1,000 to 3,600,000. Default 30,000.
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

/** A config with its defaults filled in, its name and its path too. */
export type Config = z.output<typeof configSchema> & { activityName: string; path: string };

export interface ParseOptions {
  /** Whether the keys that matter to a shared limit alone have a meaning here. */
  withLocks: boolean;
  /** Whether the invoke has no use for a path. */
  pathless: boolean;
}

/** Checks a config and fills in the defaults. Throws a {@link ConfigError}. */
export function parseConfig(config: unknown, { withLocks, pathless }: ParseOptions): Config {
  const parsed = configSchema.safeParse(config);
  const isObject = typeof config === 'object' && config !== null && !Array.isArray(config);
  const bad = parsed.success ? [] : issuesOf(config, parsed.error.issues, configKeys);
  const more = [
    ...(isObject ? wrongName(config) : []),
    ...(isObject && !pathless ? missingPath(config) : []),
    ...(parsed.success ? tooManyPollers(parsed.data) : []),
    ...(withLocks ? [] : needsLocks(config)),
  ].filter(({ path }) => !bad.some((issue) => issue.path === path));
  const issues = [...bad, ...more].sort(byKey);
  if (!parsed.success || issues.length > 0) throw new ConfigError('createStepFuncSource', issues);
  const { activityName = nameInArn(parsed.data.activityArn) ?? '', path = '/' } = parsed.data;
  return { ...parsed.data, activityName, path };
}

/** What may change while a source runs. */
export type ConcurrencyLimits = Pick<
  StepFuncSourceConfig,
  'maxConcurrency' | 'concurrencyPerPoller'
>;

/**
 * A config with other limits; those that are not given stay. `pollersAreShared`: other instances may
 * hold pollers of the present size at this moment. Throws a {@link ConfigError}.
 */
export function resizeConfig(config: Config, limits: unknown, pollersAreShared: boolean): Config {
  const parsed = limitsSchema.safeParse(limits);
  if (!parsed.success) {
    throw new ConfigError('resize', issuesOf(limits, parsed.error.issues, limitKeys));
  }
  const { maxConcurrency, concurrencyPerPoller } = parsed.data;
  if (
    pollersAreShared &&
    (concurrencyPerPoller ?? config.concurrencyPerPoller) !== config.concurrencyPerPoller
  ) {
    const expected = `${config.concurrencyPerPoller}, the size of the pollers that other instances share, until a restart`;
    throw new ConfigError('resize', [
      unexpected('concurrencyPerPoller', expected, concurrencyPerPoller),
    ]);
  }
  const resized = {
    ...config,
    maxConcurrency: maxConcurrency ?? config.maxConcurrency,
    concurrencyPerPoller: concurrencyPerPoller ?? config.concurrencyPerPoller,
  };
  const issues = tooManyPollers(resized);
  if (issues.length > 0) throw new ConfigError('resize', issues);
  return resized;
}

const limitKeys = ['maxConcurrency', 'concurrencyPerPoller'];

/** A name is needed, unless the ARN has it; then both must be the same. */
function wrongName(config: object): ConfigIssue[] {
  const name = getProperty(config, 'activityName');
  const arn = getProperty(config, 'activityArn');
  const known = nameInArn(arn);
  if (name === undefined) {
    return arn === undefined ? [unexpected('activityName', expectedName, name)] : [];
  }
  if (known === undefined || name === known) return [];
  const expected = `${JSON.stringify(known)}, the name in activityArn, or no value`;
  return [unexpected('activityName', expected, name)];
}

function missingPath(config: object): ConfigIssue[] {
  if (getProperty(config, 'path') !== undefined) return [];
  const issue = unexpected('path', expectedPath, undefined);
  return [
    { ...issue, message: `${issue.message}; only an invoke of functionInvoke's needs no path` },
  ];
}

const MOST_POLLERS = 100_000;

/** A slip of the keyboard should not end in an array that no memory holds. */
function tooManyPollers({
  maxConcurrency,
  concurrencyPerPoller,
}: Pick<Config, 'maxConcurrency' | 'concurrencyPerPoller'>): ConfigIssue[] {
  if (maxConcurrency / concurrencyPerPoller <= MOST_POLLERS) return [];
  const most = MOST_POLLERS.toLocaleString('en-US');
  return [
    unexpected('maxConcurrency', `at most ${most} times concurrencyPerPoller`, maxConcurrency),
  ];
}

function needsLocks(config: unknown): ConfigIssue[] {
  return lockKeys.flatMap((key) => {
    const came = getProperty(config, key);
    return came === undefined
      ? []
      : [unexpected(key, 'options.locks beside it, or no value', came)];
  });
}

/** In the order of the keys, whoever found them; what is no key comes last. */
function byKey(a: ConfigIssue, b: ConfigIssue): number {
  const rank = ({ path }: ConfigIssue) => configKeys.indexOf(path) + 1 || configKeys.length + 1;
  return rank(a) - rank(b);
}
