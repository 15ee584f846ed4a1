import { setMaxListeners } from 'node:events';
import { InvokeAborted } from '../task/invoke.js';

/**
 * The four moments of an orderly end, which come in this order, each in its own time:
 * - `drain`: no new poll from here on; open polls come back, their tasks are run and reported
 * - `interrupt`: invokes end here (the reason is an {@link InvokeAborted}), those of tasks that open
 *   polls still bring too; what became of their tasks is reported
 * - `abort`: open polls end here
 * - `giveUp`: reports end here
 */
export interface Ending {
  readonly drain: AbortSignal;
  readonly interrupt: AbortSignal;
  readonly abort: AbortSignal;
  readonly giveUp: AbortSignal;
}

/** The side that brings the moments about. Each call brings about the earlier moments as well. */
export interface EndingController extends Ending {
  startDrain(): void;
  startInterrupt(reason: InvokeAborted): void;
  startAbort(reason: InvokeAborted): void;
  startGiveUp(): void;
}

export function createEnding(): EndingController {
  const [drain, interrupt, abort, giveUp] = [
    controller(),
    controller(),
    controller(),
    controller(),
  ];
  const startDrain = () => drain.abort();
  const startInterrupt = (reason: InvokeAborted) => {
    startDrain();
    interrupt.abort(reason);
  };
  const startAbort = (reason: InvokeAborted) => {
    startInterrupt(reason);
    abort.abort();
  };
  const startGiveUp = () => {
    startAbort(new InvokeAborted('stopped', 'The source has given up its tasks'));
    giveUp.abort();
  };
  return {
    drain: drain.signal,
    interrupt: interrupt.signal,
    abort: abort.signal,
    giveUp: giveUp.signal,
    startDrain,
    startInterrupt,
    startAbort,
    startGiveUp,
  };
}

/** An ending that comes with another, or earlier. */
export interface FollowingEnding extends EndingController {
  /** To be called once nothing listens to it any longer: the other's signals may live on. */
  unfollow(): void;
}

export function endingAfter(source: Ending): FollowingEnding {
  const own = createEnding();
  const reason = () => source.interrupt.reason as InvokeAborted;
  const links = [
    follow(source.drain, own.startDrain),
    follow(source.interrupt, () => own.startInterrupt(reason())),
    follow(source.abort, () => own.startAbort(reason())),
    follow(source.giveUp, own.startGiveUp),
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
