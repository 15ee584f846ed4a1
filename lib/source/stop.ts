import { run } from 'abort-controller-x';
import type { ShutdownController } from '../async/shutdown.js';
import { InvokeAbortError } from '../task/invoke.js';
import { sleep } from '../async/timer.js';
import type { Totals } from '../observe/totals.js';

/** What `stop` and `run` take. */
export interface StopOptions {
  /** Milliseconds until polls and invokes are aborted: a number from 0. Default: never. */
  graceMs?: number | undefined;
}

/** What came of what was under way when the source was stopped. */
export interface StopSummary {
  /** Tasks whose output AWS took. */
  succeeded: number;
  /** Tasks whose failure AWS took, those failed with `StepFuncSource.Stopped` among them. */
  failed: number;
  /** Polls aborted at the end of the grace. AWS may still give each a task, which then hangs until its TimeoutSeconds. */
  abandonedPolls: number;
  /** Tasks whose result did not get through, as far as is known. */
  lost: number;
}

/** What reports get once the grace of a stop has ended. */
const LAST_REPORTS_MS = 5_000;

/** Ends what has not ended by itself when the grace is over. Returns what cancels it. */
export function startGrace(shutdown: ShutdownController, graceMs: number): () => Promise<void> {
  return run(async (signal) => {
    await sleep(signal, graceMs);
    const reason = stopped(`The source was stopped, and its ${graceMs} ms of grace are over`);
    shutdown.startAbortPolls(reason);
    await sleep(signal, LAST_REPORTS_MS);
    shutdown.startAbandonReports(reason);
  });
}

/** The reason for which a stop aborts what it no longer waits for. */
export function stopped(message: string): InvokeAbortError {
  return new InvokeAbortError('stopped', message);
}

/** What has happened between two snapshots of the totals. */
export function summarize(before: Totals, after: Totals, abandonedPolls: number): StopSummary {
  return {
    succeeded: after.succeeded - before.succeeded,
    failed: after.failed - before.failed,
    abandonedPolls,
    lost: after.lost - before.lost,
  };
}
