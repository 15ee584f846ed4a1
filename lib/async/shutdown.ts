import { setMaxListeners } from 'node:events';
import { InvokeAbortError } from '../task/invoke.js';

/**
 * The four moments of an orderly end, which come in this order, each in its own time:
 * - `drain`: no new poll from here on; open polls come back, their tasks are run and reported
 * - `interrupt`: invokes end here (the reason is an {@link InvokeAbortError}), those of tasks that open
 *   polls still bring too; what became of their tasks is reported
 * - `abort`: open polls end here
 * - `giveUp`: reports end here
 */
export interface ShutdownSignals {
  readonly drain: AbortSignal;
  readonly abortInvokes: AbortSignal;
  readonly abortPolls: AbortSignal;
  readonly abandonReports: AbortSignal;
}

/** The side that brings the moments about. Each call brings about the earlier moments as well. */
export interface ShutdownController extends ShutdownSignals {
  startDrain(): void;
  startAbortInvokes(reason: InvokeAbortError): void;
  startAbortPolls(reason: InvokeAbortError): void;
  startAbandonReports(): void;
}

export function createShutdown(): ShutdownController {
  const [drain, interrupt, abort, giveUp] = [
    controller(),
    controller(),
    controller(),
    controller(),
  ];
  const startDrain = () => drain.abort();
  const startInterrupt = (reason: InvokeAbortError) => {
    startDrain();
    interrupt.abort(reason);
  };
  const startAbort = (reason: InvokeAbortError) => {
    startInterrupt(reason);
    abort.abort();
  };
  const startGiveUp = () => {
    startAbort(new InvokeAbortError('stopped', 'The source has given up its tasks'));
    giveUp.abort();
  };
  return {
    drain: drain.signal,
    abortInvokes: interrupt.signal,
    abortPolls: abort.signal,
    abandonReports: giveUp.signal,
    startDrain,
    startAbortInvokes: startInterrupt,
    startAbortPolls: startAbort,
    startAbandonReports: startGiveUp,
  };
}

/** An shutdown that comes with another, or earlier. */
export interface FollowingShutdown extends ShutdownController {
  /** To be called once nothing listens to it any longer: the other's signals may live on. */
  unfollow(): void;
}

export function shutdownAfter(source: ShutdownSignals): FollowingShutdown {
  const own = createShutdown();
  const reason = () => source.abortInvokes.reason as InvokeAbortError;
  const links = [
    follow(source.drain, own.startDrain),
    follow(source.abortInvokes, () => own.startAbortInvokes(reason())),
    follow(source.abortPolls, () => own.startAbortPolls(reason())),
    follow(source.abandonReports, own.startAbandonReports),
  ];
  return {
    ...own,
    unfollow() {
      for (const unlink of links) unlink();
    },
  };
}

function follow(signal: AbortSignal, then: () => void): () => void {
  if (signal.aborted) then();
  signal.addEventListener('abort', then);
  return () => signal.removeEventListener('abort', then);
}

// Every poller listens to each: many listeners are no leak here, and Node would warn of eleven.
function controller(): AbortController {
  const created = new AbortController();
  setMaxListeners(0, created.signal);
  return created;
}
