import { run } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import type { ShutdownController } from '../async/shutdown.js';
import { InvokeAbortError } from '../task/invoke.js';
import { sleep } from '../async/timer.js';
import type { Totals } from '../observe/totals.js';

/** What `stop` and `run` take. */
export interface StopOptions {
  /**
   * Milliseconds until open polls and invokes are aborted: a number from 0. Their tasks are reported as
   * `StepFuncSource.Stopped`, which may take 5 s more. With 0 they are aborted at once.
   *
   * @default no limit
   */
  graceMs?: number | undefined;
}

/** What became of the tasks and polls that were under way when the source was stopped. */
export interface StopSummary {
  /** Tasks whose output AWS took. */
  succeeded: number;
  /** Tasks whose failure AWS took, `StepFuncSource.Stopped` included. */
  failed: number;
  /**
   * Polls that were aborted at the end of the grace. AWS may still assign a task to each. Its execution
   * then waits for `TimeoutSeconds`.
   */
  abandonedPolls: number;
  /** Tasks whose result AWS did not take, as far as the source knows. */
  lost: number;
}

/** How long reports may take once the grace of a stop has ended. */
const LAST_REPORTS_MS = 5_000;

/** Starts the grace of a stop: at its end, polls, invokes and reports end. Returns what cancels it. */
export function startGrace(
  shutdown: ShutdownController,
  graceMs: number,
  clock: Clock,
): () => Promise<void> {
  return run(async (signal) => {
    await sleep(signal, graceMs, clock);
    const reason = stopped(`The source was stopped, and its ${graceMs} ms of grace are over`);
    shutdown.startAbortPolls(reason);
    await sleep(signal, LAST_REPORTS_MS, clock);
    shutdown.startAbandonReports(reason);
  });
}

/** The reason of the signals that a stop aborts. */
export function stopped(message: string): InvokeAbortError {
  return new InvokeAbortError('stopped', message);
}

/** What happened between two snapshots of the totals. */
export function summarize(before: Totals, after: Totals, abandonedPolls: number): StopSummary {
  return {
    succeeded: after.succeeded - before.succeeded,
    failed: after.failed - before.failed,
    abandonedPolls,
    lost: after.lost - before.lost,
  };
}
