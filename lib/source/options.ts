import { configKeys } from './config-schema.js';
import { hintFor } from '../common/suggest-key.js';
import { getProperty } from '../common/property.js';
import type { Invoke } from '../task/invoke.js';
import type { PickTaskAttributes } from '../task/task-attributes.js';
import type { LockFactory } from '../locks/types.js';
import type { Logger } from '../observe/log.js';
import type { SfnClient, SfnClients } from '../sfn/api.js';
import type { ClientConfig } from '../sfn/client-config.js';
import { checkClientConfig } from '../sfn/client-config.js';
import { formatValue } from '../common/format-value.js';

/** What `createStepFuncSource` takes as its third argument: live objects, all optional. */
export interface StepFuncSourceOptions {
  /**
   * The client to call Step Functions with, or two, `poll` for GetActivityTask and `report` for the
   * rest. It is never destroyed by the source. A polling client should have `maxAttempts: 1`, and
   * sockets for maxConcurrency calls at a time. Default: two SDK clients of the source's own, made
   * at start and destroyed at stop.
   */
  client?: SfnClient | SfnClients | undefined;
  /**
   * Configures the source's own clients: region, credentials, profile, endpoint, FIPS and whatever
   * else `SFNClient` takes, except `requestHandler` and `signer`. `maxAttempts` and `retryStrategy`
   * reach reports only: polls are never sent again. Not beside `client`.
   *
   * @default the SDK's usual places: environment, shared files, container, instance
   * @example { region: 'eu-west-1', profile: 'worker' }
   */
  clientConfig?: ClientConfig | undefined;
  /**
   * Makes the limit one of all instances: the pollers become pollers, each held by one instance at a
   * time, by a lease in the store behind `locks`. `LockFactory` of `@verrou/core` fits, and so does
   * `dynamoDbLocks` of `stepfunc-source/locks/dynamodb`. The source never closes the store's
   * connection. Default: the limit is this source's own.
   */
  locks?: LockFactory | undefined;
  /**
   * Picks from a task's parsed input what may be shown of it, such as the execution's ARN or a tenant:
   * it then stands in the task's events, its log lines and its span. Inputs are sensitive, and nothing
   * else of one is ever shown. Called once for every task, before the invoke; synchronous.
   *
   * At most 16 attributes, names and values of 256 characters each; what goes beyond is cut. If it
   * throws, or returns anything but an object of strings, the task has no attributes, and the source
   * warns of it once.
   *
   * @default no attributes
   * @example
   * ```ts
   * taskAttributes: (input) => ({ execution: input.execution })
   * ```
   */
  taskAttributes?: PickTaskAttributes | undefined;
  /** Where state changes, warnings and failures are told: pino or `console` fit. Default: nowhere. */
  logger?: Logger | undefined;
  /**
   * Whether log lines of failed tasks have a field `cause`: what the component said of its error. It
   * may hold what is secret, so that by default it stands in the execution's history only.
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

/** Checks what the compiler can't where the caller is JavaScript. Throws a TypeError. */
export function checkInvoke(invoke: unknown): asserts invoke is Invoke {
  if (typeof invoke !== 'function') {
    throw new TypeError(
      `createStepFuncSource: expected invoke, a function (request, signal) => Promise of the component's response, as second argument, got ${formatValue(invoke)}`,
    );
  }
}

/** Checks the live objects. Throws a TypeError that names the key, what came and what is wanted. */
export function checkOptions(options: unknown): ResolvedOptions {
  if (options === undefined) return checkOptions({});
  if (typeof options !== 'object' || options === null) {
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
