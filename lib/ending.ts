import { setMaxListeners } from 'node:events';
import { InvokeAborted } from './invoke.js';

/**
 * The three moments of an orderly end, which come in this order, each in its own time:
 * - `drain`: no new poll from here on; open polls come back, their tasks are run and reported
 * - `abort`: open polls and invokes end here (the reason is an {@link InvokeAborted}); what became
 *   of their tasks is still reported
 * - `giveUp`: reports end here
 */
export interface Ending {
  readonly drain: AbortSignal;
  readonly abort: AbortSignal;
  readonly giveUp: AbortSignal;
}

/** The side that brings the moments about. Each call brings about the earlier moments as well. */
export interface EndingController extends Ending {
  startDrain(): void;
  startAbort(reason: InvokeAborted): void;
  startGiveUp(): void;
}

export function createEnding(): EndingController {
  const [drain, abort, giveUp] = [controller(), controller(), controller()];
  const startDrain = () => drain.abort();
  const startAbort = (reason: InvokeAborted) => {
    startDrain();
    abort.abort(reason);
  };
  const startGiveUp = () => {
    startAbort(new InvokeAborted('stopped', 'The source has given up its tasks'));
    giveUp.abort();
  };
  return {
    drain: drain.signal,
    abort: abort.signal,
    giveUp: giveUp.signal,
    startDrain,
    startAbort,
    startGiveUp,
  };
}

// Every poller listens to each: many listeners are no leak here, and Node would warn of eleven.
function controller(): AbortController {
  const created = new AbortController();
  setMaxListeners(0, created.signal);
  return created;
}
