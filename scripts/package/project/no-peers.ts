/** Compiled in a scratch project, never run: the entry points that need no optional peer. */
import type {
  EventName,
  Health,
  HealthProblem,
  Invoke,
  InvokeAbortCode,
  InvokeRequest,
  InvokeResponse,
  LeaseStatus,
  Listener,
  Lock,
  LockFactory,
  Logger,
  PollerStatus,
  SfnClient,
  SfnClients,
  ConcurrencyLimits,
  StepFuncSource,
  StepFuncSourceConfig,
  StepFuncSourceEvents,
  StepFuncSourceOptions,
  StepFuncSourceState,
  StepFuncSourceStatus,
  StopOptions,
  StopSummary,
  TaskResult,
} from 'stepfunc-source';
import {
  ActivityError,
  ConfigError,
  createStepFuncSource,
  ErrorName,
  InvokeAbortError,
  toTaskResult,
} from 'stepfunc-source';
import type { HttpInvoke, HttpInvokeOptions } from 'stepfunc-source/http';
import { httpInvoke } from 'stepfunc-source/http';
import type {
  FakeSfnOptions,
  FakeSfnServer,
  FakeSfnServerOptions,
  Fault,
  RunTaskOptions,
  TaskOutcome,
} from 'stepfunc-source/testing';
import { FakeSfn, startFakeSfnServer } from 'stepfunc-source/testing';
import { SFNClient } from '@aws-sdk/client-sfn';

const config: StepFuncSourceConfig = {
  activityName: 'sum',
  path: '/step/sum',
  maxConcurrency: 10,
  concurrencyPerPoller: 5,
};
const httpOptions: HttpInvokeOptions = { headers: { 'x-origin': 'step-functions' } };
const overHttp: HttpInvoke = httpInvoke(new URL('http://localhost:8080'), httpOptions);
const byFetch: Invoke = (request, signal) =>
  fetch(`http://localhost:8080${request.path}`, { ...request, signal });
const byHand: Invoke = (request: InvokeRequest, signal): Promise<InvokeResponse> => {
  signal.throwIfAborted();
  return Promise.resolve({ status: 200, headers: { 'x-length': '1' }, body: request.body });
};

const poll: SfnClient = new SFNClient({ maxAttempts: 1 });
const clients: SfnClients = { poll, report: new SFNClient() };
const lock: Lock = {
  acquireImmediately: () => Promise.resolve(true),
  extend: (ttlMs) => (ttlMs === undefined ? Promise.resolve() : Promise.reject(new Error())),
  release: () => Promise.resolve(),
};
const locks: LockFactory = { createLock: (name, ttlMs) => (name && ttlMs ? lock : lock) };
const logger: Logger = console;
const options: StepFuncSourceOptions = { client: clients, locks, logger };

export const sources: StepFuncSource[] = [
  createStepFuncSource(config, byFetch),
  createStepFuncSource(config, byHand, options),
  createStepFuncSource(config, overHttp, { client: new FakeSfn() }),
];

export async function stopAndGo(source: StepFuncSource, stop: StopOptions): Promise<StopSummary> {
  const failed: Listener<'taskFailed'> = ({ task, poller: role, error, durationMs, attempts }) =>
    logger.warn({ task, role: role + 1, error, durationMs, attempts }, 'failed');
  source
    .on('taskFailed', failed)
    .once('stateChanged', ({ from, to }: StepFuncSourceEvents['stateChanged']) => from === to)
    .off('taskFailed', failed);
  await source.start();
  const state: StepFuncSourceState = source.state;
  const status: StepFuncSourceStatus = source.status();
  const pollers: PollerStatus[] = status.pollers;
  const sizes: ConcurrencyLimits = { maxConcurrency: 20, concurrencyPerPoller: 5 };
  source.resize(sizes);
  const health: Health = source.health();
  const problems: HealthProblem[] = health.problems;
  logger.info({ ok: health.ok, problems: problems.map(({ message }) => message) }, 'health');
  const lease: LeaseStatus | undefined = pollers[0]?.lease;
  if (state === 'running' && lease?.lost === true) await source.run(new AbortController().signal);
  return source.stop(stop);
}

export async function disposeOf(config: StepFuncSourceConfig): Promise<void> {
  await createStepFuncSource(config, byFetch)[Symbol.asyncDispose]();
  await overHttp.close();
}

export function nameOf(error: unknown): string | undefined {
  if (error instanceof ConfigError) return String(error.issues[0]?.path[0]);
  if (error instanceof ActivityError) return error.message;
  if (error instanceof InvokeAbortError) {
    const code: InvokeAbortCode = error.code;
    return code;
  }
  const result: TaskResult = toTaskResult({ status: 500, headers: new Headers(), body: '' });
  return 'output' in result ? result.output : ErrorName.Timeout;
}

export async function testKit(name: EventName): Promise<TaskOutcome> {
  const fakeOptions: FakeSfnOptions = { longPollMs: 10 };
  const serverOptions: FakeSfnServerOptions = { sfn: new FakeSfn(fakeOptions) };
  const server: FakeSfnServer = await startFakeSfnServer(serverOptions);
  const fault: Fault = { kind: 'lostAnswer', operation: 'SendTaskSuccess' };
  const takeBack: () => void = server.sfn.fault(fault);
  takeBack();
  const run: RunTaskOptions = { timeoutSeconds: 1, signal: AbortSignal.timeout(1_000) };
  const outcome = await server.sfn.runTask('sum', { name, port: server.port }, run);
  await server.close();
  return outcome;
}
