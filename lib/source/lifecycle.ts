import { AbortError } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import type { ShutdownController, ShutdownSignals } from '../async/shutdown.js';
import { createShutdown } from '../async/shutdown.js';
import type { StepFuncSourceState } from '../observe/events.js';
import type { Totals } from '../observe/totals.js';
import type { Session } from './session.js';
import type { StopOptions, StopSummary } from './stop.js';
import { startGrace, stopped, summarize } from './stop.js';

export interface LifecycleOptions {
  clock: Clock;
  /** The config's ARN. The status shows it until a session has another. */
  givenArn: string | undefined;
  /** Live: it changes with every event. */
  totals: Readonly<Totals>;
  startSession(shutdown: ShutdownSignals, onPollAbandoned: () => void): Promise<Session>;
  onStateChanged(from: StepFuncSourceState, to: StepFuncSourceState): void;
}

/**
 * The states of a source, and what leads from one to the next:
 *
 * - `stopped`: `start` leads to `starting`
 * - `starting`: the session's start leads to `running`; if it fails, to `stopped`
 * - `running`: `stop` leads to `stopping`, as it does from `starting`
 * - `stopping`: the session's end leads to `stopped`
 */
export interface Lifecycle {
  start(): Promise<void>;
  stop(options: StopOptions): Promise<StopSummary>;
  state(): StepFuncSourceState;
  /** Whether there is a session, from the call of `start` to the end of its stop. */
  isActive(): boolean;
  /** The session, once it has started and until it has ended. */
  session(): Session | undefined;
  /** The last known ARN of the activity. */
  activityArn(): string | undefined;
}

export function createLifecycle({
  clock,
  givenArn,
  totals,
  startSession,
  onStateChanged,
}: LifecycleOptions): Lifecycle {
  let state: StepFuncSourceState = 'stopped';
  let current: Run | undefined;
  let lastArn = givenArn;

  function setState(to: StepFuncSourceState): void {
    if (to === state) return;
    const from = state;
    state = to;
    onStateChanged(from, to);
  }

  function begin(): Run {
    const shutdown = createShutdown();
    const session = startSession(shutdown, () => void (run.abandonedPolls += 1));
    const run: Run = { shutdown, session, graces: [], abandonedPolls: 0 };
    return run;
  }

  async function start(): Promise<void> {
    if (state === 'stopping') {
      throw new Error('The source is stopping: start() must wait until stop() has resolved');
    }
    if (current === undefined) {
      current = begin();
      setState('starting');
    }
    const run = current;
    try {
      run.started = await run.session;
      lastArn = run.started.activityArn();
    } catch (error) {
      if (run.stopped === undefined) end(run);
      throw run.stopped === undefined ? error : stoppedTooEarly();
    }
    if (run.stopped !== undefined) throw stoppedTooEarly();
    setState('running');
  }

  function stop({ graceMs }: StopOptions): Promise<StopSummary> {
    if (current === undefined) return Promise.resolve(summarize(totals, totals, 0));
    const run = current;
    run.stopped ??= finish(run);
    if (graceMs !== undefined) run.graces.push(startGrace(run.shutdown, graceMs, clock));
    return run.stopped;
  }

  async function finish(run: Run): Promise<StopSummary> {
    const before = { ...totals };
    setState('stopping');
    run.shutdown.startDrain();
    const session = await run.session.catch(() => undefined);
    await session?.ended;
    end(run);
    return summarize(before, totals, run.abandonedPolls);
  }

  function end(run: Run): void {
    if (current !== run) return;
    current = undefined;
    for (const cancel of run.graces) void cancel();
    run.shutdown.startAbandonReports(stopped('The source has stopped'));
    setState('stopped');
  }

  return {
    start,
    stop,
    state: () => state,
    isActive: () => current !== undefined,
    session: () => current?.started,
    activityArn: () => current?.started?.activityArn() ?? lastArn,
  };
}

/** One run of the source, from start to the end of its stop. */
interface Run {
  shutdown: ShutdownController;
  session: Promise<Session>;
  /** Set when the session has started. */
  started?: Session;
  /** Set when stop is called. */
  stopped?: Promise<StopSummary>;
  /** Functions that cancel the graces that stops have set. */
  graces: (() => Promise<void>)[];
  /** Polls that were aborted at the end of a grace. */
  abandonedPolls: number;
}

function stoppedTooEarly(): Error {
  return new AbortError('The source was stopped while it was starting');
}
