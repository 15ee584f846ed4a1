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

/** A config with its defaults, its name and its path filled in. */
export type Config = z.output<typeof configSchema> & { activityName: string; path: string };

export interface ParseOptions {
  /** Whether the keys for a shared limit are allowed. */
  withLocks: boolean;
  /** Whether the invoke has no use for a path. */
  pathless: boolean;
}

/**
 * Checks a config and fills in the defaults.
 *
 * @throws ConfigError with every bad key.
 */
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

/**
 * A config with other limits; those that are not given stay. `pollersAreShared`: other instances may
 * hold pollers of the present size at this moment.
 *
 * @throws ConfigError if a limit is wrong.
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

/** Without this limit, a mistyped number would ask for an array that no memory can hold. */
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

/** In the order of the keys, whichever check found them. Unknown keys come last. */
function byKey(a: ConfigIssue, b: ConfigIssue): number {
  const rank = ({ path }: ConfigIssue) => configKeys.indexOf(path) + 1 || configKeys.length + 1;
  return rank(a) - rank(b);
}
