import { configKeys } from './config-schema.js';
import { hintFor } from '../common/suggest-key.js';
import { isOptionsObject } from '../common/type-tag.js';
import { getProperty } from '../common/property.js';
import type { Invoke } from '../task/invoke.js';
import type { PickTaskAttributes } from '../task/task-attributes.js';
import type { LockFactory } from '../locks/types.js';
import type { Logger } from '../observe/log.js';
import type { SfnClient, SfnClients } from '../sfn/api.js';
import type { ClientConfig } from '../sfn/client-config.js';
import { checkClientConfig } from '../sfn/client-config.js';
import { formatValue } from '../common/format-value.js';

/** The third argument of `createStepFuncSource`: live objects, all optional. */
export interface StepFuncSourceOptions {
  /**
   * The client that calls Step Functions, or two: `poll` for GetActivityTask, `report` for the rest.
   * The source never destroys it. A polling client needs `maxAttempts: 1` and sockets for
   * `maxConcurrency` calls at a time. Not together with `clientConfig`.
   *
   * @default two SDK clients, made at start and destroyed at stop
   */
  client?: SfnClient | SfnClients | undefined;
  /**
   * Configures the source's own clients: region, credentials, profile, endpoint, FIPS and all else that
   * `SFNClient` takes, except `requestHandler` and `signer`. `maxAttempts` and `retryStrategy` are for
   * reports only: a poll is never sent again, since the first one may have taken a task. Not together
   * with `client`.
   *
   * @default where the SDK looks: environment, shared files, container, instance
   * @example
   * ```ts
   * const options: StepFuncSourceOptions = {
   *   clientConfig: { region: 'eu-west-1', profile: 'worker' },
   * };
   * ```
   */
  clientConfig?: ClientConfig | undefined;
  /**
   * Shares `maxConcurrency` among all instances. Each poller is then held by one instance at a time, by
   * a lease in a store. Give what `redisLocks`, `postgresLocks`, `mysqlLocks` or `dynamoDbLocks`
   * returns, or a `LockFactory` of `@verrou/core`. The source never closes your connection.
   *
   * @default each instance has the whole limit
   */
  locks?: LockFactory | undefined;
  /**
   * Picks from a task's parsed input what may be shown, such as the execution's ARN or a tenant. It
   * then stands in the task's events, its log lines and its span. Nothing else of an input is ever
   * shown, since inputs are sensitive. Called once per task, before the invoke. Must be synchronous.
   *
   * Attributes beyond 16 are dropped. Names and values are cut to 256 characters. If the function
   * throws, or returns anything but an object of strings, the task has no attributes, and the source
   * warns once.
   *
   * @default no attributes
   * @example
   * ```ts
   * const options: StepFuncSourceOptions = {
   *   taskAttributes: (input) => ({ execution: (input as { execution: string }).execution }),
   * };
   * ```
   */
  taskAttributes?: PickTaskAttributes | undefined;
  /**
   * Gets a line for every event. `console` and pino fit; docs/loggers.md has others.
   *
   * @default no log
   */
  logger?: Logger | undefined;
  /**
   * Whether log lines of failed tasks have a field `cause`, the component's own words. They may hold
   * secrets, so that by default they are in the execution's history only.
   *
   * @default false
   */
  logCauses?: boolean | undefined;
}

export interface ResolvedOptions {
  /** Undefined: the source makes its own. */
  clients: SfnClients | undefined;
  /** For the source's own clients. */
  clientConfig: ClientConfig | undefined;
  /** Undefined: this source has every poller. */
  locks: LockFactory | undefined;
  logger: Logger | undefined;
  logCauses: boolean;
  taskAttributes: PickTaskAttributes | undefined;
}

const optionKeys = ['client', 'clientConfig', 'locks', 'logger', 'logCauses', 'taskAttributes'];

/**
 * Checks the second argument: a caller in JavaScript has no compiler.
 *
 * @throws TypeError if it is no function.
 */
export function checkInvoke(invoke: unknown): asserts invoke is Invoke {
  if (typeof invoke !== 'function') {
    throw new TypeError(
      `createStepFuncSource: expected invoke, a function (request, signal) => Promise of the component's response, as second argument, got ${formatValue(invoke)}`,
    );
  }
}

/**
 * Checks the third argument.
 *
 * @throws TypeError that names the key, what was expected and what was given.
 */
export function checkOptions(options: unknown): ResolvedOptions {
  if (options === undefined) return checkOptions({});
  if (!isOptionsObject(options)) {
    throw wrong('options', 'an object', options);
  }
  for (const key of Object.keys(options)) {
    if (optionKeys.includes(key)) continue;
    const hint = configKeys.includes(key)
      ? 'it belongs to the config, the first argument'
      : hintFor(key, optionKeys, 'options');
    throw new TypeError(`createStepFuncSource: unknown option ${JSON.stringify(key)}; ${hint}`);
  }
  const {
    client,
    clientConfig,
    locks,
    logger,
    logCauses = false,
    taskAttributes,
  } = options as StepFuncSourceOptions;
  if (client !== undefined && clientConfig !== undefined) {
    throw new TypeError(
      'createStepFuncSource: expected options.client or options.clientConfig, got both; clientConfig is for the clients that the source makes itself',
    );
  }
  return {
    clients: client === undefined ? undefined : checkClient(client),
    clientConfig: clientConfig === undefined ? undefined : checkClientConfig(clientConfig),
    locks: locks === undefined ? undefined : checkLocks(locks),
    logger: logger === undefined ? undefined : checkLogger(logger),
    logCauses: checkLogCauses(logCauses),
    taskAttributes: taskAttributes === undefined ? undefined : checkPick(taskAttributes),
  };
}

function checkPick(pick: PickTaskAttributes): PickTaskAttributes {
  if (typeof (pick as unknown) === 'function') return pick;
  throw wrong('options.taskAttributes', 'a function (input) => attributes', pick);
}

function checkClient(client: SfnClient | SfnClients): SfnClients {
  if (hasSend(client)) return { poll: client, report: client };
  const clients = { poll: getProperty(client, 'poll'), report: getProperty(client, 'report') };
  const { poll, report } = clients;
  if (hasSend(poll) && hasSend(report)) return { poll, report };
  if (poll === undefined && report === undefined) {
    throw wrong(
      'options.client',
      'an object with send(command, options), or { poll, report } of such',
      client,
    );
  }
  const [key, came] = hasSend(poll) ? ['report', report] : ['poll', poll];
  throw wrong(`options.client.${key}`, 'an object with send(command, options)', came);
}

function hasSend(client: unknown): client is SfnClient {
  return typeof getProperty(client, 'send') === 'function';
}

function checkLocks(locks: LockFactory): LockFactory {
  if (typeof getProperty(locks, 'createLock') === 'function') return locks;
  throw wrong('options.locks', 'an object with createLock(name, ttlMs)', locks);
}

function checkLogger(logger: Logger): Logger {
  for (const level of ['debug', 'info', 'warn', 'error']) {
    const came = getProperty(logger, level);
    if (typeof came !== 'function') throw wrong(`options.logger.${level}`, 'a function', came);
  }
  return logger;
}

function checkLogCauses(logCauses: unknown): boolean {
  if (typeof logCauses === 'boolean') return logCauses;
  throw wrong('options.logCauses', 'true or false', logCauses);
}

function wrong(key: string, expected: string, came: unknown): TypeError {
  return new TypeError(
    `createStepFuncSource: expected ${key} to be ${expected}, got ${formatValue(came)}`,
  );
}
