import { spawn } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { abortAfter } from '../async/timeout.js';
import { leaveToItself } from '../common/leave-to-itself.js';
import type { ComponentWait } from './component-down.js';
import { invokeWhenConnected } from './component-down.js';
import { ErrorName } from './error-name.js';
import { failedInvocation } from './failed-invocation.js';
import { heartbeat } from './heartbeat.js';
import type { Invoke, InvokeAbortCode, InvokeRequest, InvokeResponse } from './invoke.js';
import { InvokeAbortError } from './invoke.js';
import { readResponse } from './read-response.js';
import type { Settlement } from './report.js';
import { report } from './report.js';
import type { DescribedResult } from './result.js';
import { describeResult, ownFailure } from './result.js';
import type { ActivityTask, Sfn } from '../sfn/api.js';

export interface TaskOptions {
  sfn: Sfn;
  invoke: Invoke;
  path: string;
  /** The task's short id. */
  task: string;
  invokeTimeoutMs: number;
  heartbeatIntervalMs?: number | undefined;
  /** If it is present, a task waits while no connection to the component can be made. */
  componentWait?: ComponentWait | undefined;
  clock: Clock;
  onHeartbeatFailed(error: unknown): void;
  /** The invoke has ended, with or without a response. The report begins now. */
  onInvoked(): void;
  onReportFailed(error: unknown): void;
}

/**
 * Runs one task: invokes the component, and reports its response. Resolves to how the task ended,
 * and never rejects.
 *
 * `signal` ends invoke and report at once. `invokeController` ends only the invoke, with an {@link
 * InvokeAbortError} as reason, and the task is still reported.
 */
export async function runTask(
  signal: AbortSignal,
  invokeController: AbortController,
  task: ActivityTask,
  options: TaskOptions,
): Promise<Settlement> {
  const { sfn, clock, heartbeatIntervalMs, onHeartbeatFailed } = options;
  if (signal.aborted) return { outcome: 'lost', reason: 'abandoned' };
  if (heartbeatIntervalMs === undefined) {
    return invokeAndReport(signal, signal, invokeController, task, options);
  }
  return spawn(signal, async (_, { fork }) => {
    const work = fork((workSignal) =>
      invokeAndReport(signal, workSignal, invokeController, task, options),
    );
    fork(async (beatSignal) => {
      await heartbeat(beatSignal, sfn, task.token, {
        intervalMs: heartbeatIntervalMs,
        clock,
        onFailed: onHeartbeatFailed,
      });
      invokeController.abort(new InvokeAbortError('closed', 'Step Functions has closed the task'));
      work.abort();
    });
    return work.join();
  });
}

async function invokeAndReport(
  abandonReports: AbortSignal,
  stopRetrying: AbortSignal,
  invokeController: AbortController,
  task: ActivityTask,
  options: TaskOptions,
): Promise<Settlement> {
  const result = await resultOf(invokeController, task, options);
  options.onInvoked();
  if (result === undefined) return { outcome: 'lost', reason: 'closed' };
  const onTryFailed = options.onReportFailed;
  return report(options.sfn, task.token, result, {
    abandonReports,
    stopRetrying,
    onTryFailed,
    clock: options.clock,
  });
}

/** What to report. Undefined if the task was closed before there was a response. */
async function resultOf(
  invokeController: AbortController,
  task: ActivityTask,
  options: TaskOptions,
): Promise<DescribedResult | undefined> {
  try {
    return describeResult(await invokeInTime(invokeController, task, options));
  } catch (error) {
    const { aborted, reason } = invokeController.signal as { aborted: boolean; reason: unknown };
    leaveToItself(error);
    if (!aborted) return failedInvocation(error, [task.token, task.input]);
    return reason instanceof InvokeAbortError ? interrupted(reason) : undefined;
  }
}

/** What an aborted invoke is reported as. Undefined: nothing is left to report. */
const abortedAs: Record<InvokeAbortCode, string | undefined> = {
  timeout: ErrorName.Timeout,
  stopped: ErrorName.Stopped,
  leaseLost: ErrorName.LeaseLost,
  closed: undefined,
};

function interrupted({ code, message }: InvokeAbortError): DescribedResult | undefined {
  const name = abortedAs[code];
  return name === undefined ? undefined : ownFailure(name, message);
}

/** Settles when `signal` aborts, whatever the invoke does, and drops a late response. */
function invokeInTime(
  invokeController: AbortController,
  { input, token }: ActivityTask,
  { invoke, path, invokeTimeoutMs, task, componentWait, clock }: TaskOptions,
): Promise<InvokeResponse> {
  // A new object for each attempt: an invoke may add to the headers.
  const request = (): InvokeRequest => ({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', 'step-func-task': task },
    body: input,
    redirect: 'manual',
    task,
  });
  const call = async (signal: AbortSignal) => readResponse(await invoke(request(), signal), signal);
  if (componentWait === undefined) {
    const late = () => timeoutError(invokeTimeoutMs, '');
    return abortAfter(invokeController, invokeTimeoutMs, late, call, clock);
  }

  let why = '';
  const wait: ComponentWait = {
    onWaiting(error) {
      const { message = '' } = failedInvocation(error, [token, input]);
      why = `; the last attempt to connect failed: ${message}`;
      componentWait.onWaiting(error);
    },
    onConnected() {
      why = '';
      componentWait.onConnected();
    },
  };
  return abortAfter(
    invokeController,
    invokeTimeoutMs,
    () => timeoutError(invokeTimeoutMs, why),
    (signal) => invokeWhenConnected(signal, call, wait, clock),
    clock,
  );
}

function timeoutError(invokeTimeoutMs: number, why: string): InvokeAbortError {
  const words = `The component did not answer within ${invokeTimeoutMs} ms (invokeTimeoutMs)`;
  return new InvokeAbortError('timeout', words + why);
}
