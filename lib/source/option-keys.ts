import type { LockFactory } from '../locks/types.js';
import type { Logger } from '../observe/log.js';
import type { SfnClient, SfnClients } from '../sfn/api.js';
import type { ClientConfig } from '../sfn/client-config.js';
import type { PickTaskAttributes } from '../task/task-attributes.js';

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
   * Configures the source's own clients: region, credentials, profile, endpoint, FIPS and so on. Takes
   * all that `SFNClient` takes, except `requestHandler` and `signer`. `maxAttempts` and
   * `retryStrategy` are for reports only. A poll is never sent again, since the first one may have
   * taken a task. Not together with `client`.
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

/** The key of each option. The compiler wants all of them here. */
export const optionKeys = Object.keys({
  client: true,
  clientConfig: true,
  locks: true,
  logger: true,
  logCauses: true,
  taskAttributes: true,
} satisfies Record<keyof StepFuncSourceOptions, true>);
