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
import { checkClientConfig, clientConfigKeys } from '../sfn/client-config.js';
import { formatValue } from '../common/format-value.js';
import type { StepFuncSourceOptions } from './option-keys.js';
import { optionKeys } from './option-keys.js';

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

function whereItBelongs(key: string): string {
  if (configKeys.includes(key)) return 'it belongs to the config, the first argument';
  if (clientConfigKeys.includes(key)) return 'it belongs to options.clientConfig';
  return hintFor(key, optionKeys, 'options');
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
    throw new TypeError(
      `createStepFuncSource: unknown option ${JSON.stringify(key)}; ${whereItBelongs(key)}`,
    );
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
