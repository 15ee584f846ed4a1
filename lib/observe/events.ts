import { EventEmitter } from 'node:events';
import { callSafely } from '../common/call-safely.js';
import type { TaskAttributes } from '../task/task-attributes.js';
import type { TaskLostReason } from '../task/report.js';

/** `stopped` -> `starting` -> `running` -> `stopping` -> `stopped`; `starting` may end in `stopped`. */
export type StepFuncSourceState = 'stopped' | 'starting' | 'running' | 'stopping';

/** Fields of every event. */
export interface SourceEvent {
  activityName: string;
}

/** Fields of every event of one poller. */
export interface PollerEvent extends SourceEvent {
  /** The poller's number, from 0. */
  poller: number;
}

/** Fields of every event of one task. */
export interface TaskEvent extends PollerEvent {
  /** A short id, this process's own: the task token is a secret. */
  task: string;
}

/** Fields of the events that begin and end a task. */
export interface AttributedEvent extends TaskEvent {
  /** What `taskAttributes` has picked from the task's input; empty without it. */
  attributes: TaskAttributes;
}

/** Fields of every event that ends a task. */
export interface EndedEvent extends AttributedEvent {
  /** Milliseconds from the poll that brought the task to its end: its slot is free now. */
  durationMs: number;
  /** Milliseconds of these until invoke had ended; the rest went into the report. */
  invokeMs: number;
}

/** Fields of every event of a task that AWS has taken the report of. */
export interface ReportedEvent extends EndedEvent {
  /** How often the report was sent: 1 where all went well. */
  attempts: number;
}

/** What went wrong, in events of trouble that passes or was coped with. */
export interface Trouble {
  /** The error's name, or its code: short, and the same for the same trouble. */
  error: string;
  /**
   * The words of AWS, of the lock store or of the network: one line of at most 1,000 characters. What
   * they quote of a request, of a URL's user part or of credentials is replaced by `…`.
   */
  message: string;
}

/** What went wrong with a call of AWS. */
export interface CallTrouble extends Trouble {
  /** The id by which AWS's support finds the call; undefined if there was no response. */
  requestId: string | undefined;
}

/** Every event of a source, and what its listeners get. None carries an input, output, cause or token. */
export interface StepFuncSourceEvents {
  /** The handle's `state` has changed. */
  stateChanged: SourceEvent & { from: StepFuncSourceState; to: StepFuncSourceState };
  /** An attempt to start failed for a passing reason; the next one is made in `retryInMs`. */
  startFailed: SourceEvent & CallTrouble & { retryInMs: number };
  /** A poll brought a task; it goes to the component now. */
  taskReceived: AttributedEvent;
  /** AWS took the task's output. */
  taskSucceeded: ReportedEvent;
  /**
   * AWS took the task's failure. `error` is the error name reported. `message` is there if the source
   * has named the error itself: what a component says of its errors is in the execution's history only.
   */
  taskFailed: ReportedEvent & { error: string; message?: string | undefined };
  /**
   * The task's result did not get through, as far as is known. `closed`: AWS had closed the task
   * before; `unknown`: the same, but an earlier report may have arrived; `abandoned`: given up at stop.
   */
  taskLost: EndedEvent & { reason: TaskLostReason };
  /** A poll failed. The poller polls again in `retryInMs`. */
  pollFailed: PollerEvent & CallTrouble & { retryInMs: number };
  /** A heartbeat failed for a passing reason; the task goes on. */
  heartbeatFailed: TaskEvent & CallTrouble;
  /** A report failed for a passing reason; it is sent again, and the slot is held. */
  reportFailed: TaskEvent & CallTrouble;
  /** With `locks`: this instance holds the poller now, and polls for it. */
  leaseAcquired: PollerEvent;
  /**
   * With `locks`: the poller is no longer ours. `error` is `LeaseExpired` (the store could not be
   * reached in time) or `LeaseNotOwned` (the store says that it is not ours).
   */
  leaseLost: PollerEvent & Trouble;
  /** With `locks`: what ran under the poller has ended, and the poller was given back. */
  leaseReleased: PollerEvent;
  /** With `locks`: a call to the store failed. By itself that changes nothing. */
  lockStoreFailed: PollerEvent & Trouble;
}

/** The events' names. */
export type EventName = keyof StepFuncSourceEvents;

// An object, since the compiler then misses a name that is not there.
const names: Record<EventName, true> = {
  stateChanged: true,
  startFailed: true,
  taskReceived: true,
  taskSucceeded: true,
  taskFailed: true,
  taskLost: true,
  pollFailed: true,
  heartbeatFailed: true,
  reportFailed: true,
  leaseAcquired: true,
  leaseLost: true,
  leaseReleased: true,
  lockStoreFailed: true,
};

export const eventNames = Object.keys(names) as EventName[];

/** What it throws, or rejects with where it is async, disturbs nobody. */
export type Listener<N extends EventName> = (event: StepFuncSourceEvents[N]) => unknown;

/** An event with its name, as one type per name. */
export type NamedEvent = {
  [N in EventName]: { name: N; event: StepFuncSourceEvents[N] };
}[EventName];

export interface Events {
  on<N extends EventName>(name: N, listener: Listener<N>): void;
  once<N extends EventName>(name: N, listener: Listener<N>): void;
  off<N extends EventName>(name: N, listener: Listener<N>): void;
  /**
   * Calls every listener. Whatever they throw or reject with stays with them. `cause` is what a failed
   * task was reported with: it is kept out of the event, since it may hold what is secret (T10).
   */
  emit<N extends EventName>(name: N, event: StepFuncSourceEvents[N], cause?: string): void;
  /** The cause that an event was emitted with. */
  causeOf(event: object): string | undefined;
}

export function createEvents(): Events {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  const causes = new WeakMap<object, string>();
  return {
    on: (name, listener) => void emitter.on(name, listener),
    once: (name, listener) => void emitter.once(name, listener),
    off: (name, listener) => void emitter.off(name, listener),
    causeOf: (event) => causes.get(event),
    emit(name, event, cause) {
      if (cause !== undefined) causes.set(event, cause);
      // Node's own emit stops at the first listener that throws.
      for (const listener of emitter.rawListeners(name)) {
        callSafely(() => (listener as (event: unknown) => unknown)(event));
      }
    },
  };
}
