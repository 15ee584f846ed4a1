import { setMaxListeners } from 'node:events';
import { onAbort } from './on-abort.js';

/**
 * The phases of an orderly shutdown. They begin in this order, each at its own time.
 *
 * - `drain`: no new poll is sent. Open polls return, and their tasks run and are reported.
 * - `abortInvokes`: invokes end, also those of tasks that open polls still bring. Their tasks are
 *   reported. The signal's reason says why, and reaches the caller's `invoke`.
 * - `abortPolls`: open polls end.
 * - `abandonReports`: reports end.
 */
export interface ShutdownSignals {
  readonly drain: AbortSignal;
  readonly abortInvokes: AbortSignal;
  readonly abortPolls: AbortSignal;
  readonly abandonReports: AbortSignal;
}

/** Begins the phases. Each call begins the earlier phases as well. */
export interface ShutdownController extends ShutdownSignals {
  startDrain(): void;
  startAbortInvokes(reason: Error): void;
  startAbortPolls(reason: Error): void;
  startAbandonReports(reason: Error): void;
}

export function createShutdown(): ShutdownController {
  const [drain, abortInvokes, abortPolls, abandonReports] = [
    controller(),
    controller(),
    controller(),
    controller(),
  ];
  const startDrain = () => drain.abort();
  const startAbortInvokes = (reason: Error) => {
    startDrain();
    abortInvokes.abort(reason);
  };
  const startAbortPolls = (reason: Error) => {
    startAbortInvokes(reason);
    abortPolls.abort();
  };
  const startAbandonReports = (reason: Error) => {
    startAbortPolls(reason);
    abandonReports.abort(reason);
  };
  return {
    drain: drain.signal,
    abortInvokes: abortInvokes.signal,
    abortPolls: abortPolls.signal,
    abandonReports: abandonReports.signal,
    startDrain,
    startAbortInvokes,
    startAbortPolls,
    startAbandonReports,
  };
}

/** A shutdown that begins each phase with another shutdown, or earlier. */
export interface FollowingShutdown extends ShutdownController {
  /** Removes its listeners. Without it they would live as long as the other shutdown's signals. */
  unfollow(): void;
}

export function shutdownAfter(source: ShutdownSignals): FollowingShutdown {
  const own = createShutdown();
  const reason = () => source.abortInvokes.reason as Error;
  const links = [
    onAbort(source.drain, own.startDrain),
    onAbort(source.abortInvokes, () => own.startAbortInvokes(reason())),
    onAbort(source.abortPolls, () => own.startAbortPolls(reason())),
    onAbort(source.abandonReports, () => own.startAbandonReports(reason())),
  ];
  return {
    ...own,
    unfollow() {
      for (const unlink of links) unlink();
    },
  };
}

// Every poller listens to each signal. Node would warn of a leak from the eleventh listener on.
function controller(): AbortController {
  const created = new AbortController();
  setMaxListeners(0, created.signal);
  return created;
}
