import { EventEmitter } from 'node:events';
import { callSafely } from '../common/call-safely.js';
import type { TaskAttributes } from '../task/task-attributes.js';
import type { TaskLostReason } from '../task/report.js';

/** `stopped` -> `starting` -> `running` -> `stopping` -> `stopped`. A failed start ends in `stopped`. */
export type StepFuncSourceState = 'stopped' | 'starting' | 'running' | 'stopping';

/** Fields of every event. */
export interface SourceEvent {
  /** The config's `activityName`, or the name in its `activityArn`. */
  activityName: string;
}

/** Fields of every event of one poller. */
export interface PollerEvent extends SourceEvent {
  /** The poller's number, from 0. */
  poller: number;
}

/** Fields of every event of one task. */
export interface TaskEvent extends PollerEvent {
  /** The task's short id, made by this process. It is not the task token, which is a secret. */
  task: string;
}

/** Fields of the events that begin and end a task. */
export interface AttributedEvent extends TaskEvent {
  /** What `taskAttributes` picked from the task's input. Without that option it is empty. */
  attributes: TaskAttributes;
}

/** Fields of every event that ends a task. */
export interface EndedEvent extends AttributedEvent {
  /** Milliseconds from the poll's response to the end of the report. The slot is free now. */
  durationMs: number;
  /** Milliseconds from the poll's response to the end of the invoke. What is left is the report's. */
  invokeMs: number;
}

/** Fields of every event of a task whose report AWS took. */
export interface ReportedEvent extends EndedEvent {
  /** How often the report was sent: 1 if the first attempt succeeded. */
  attempts: number;
}

/** Fields of events of trouble that passes. */
export interface Trouble {
  /** The error's name, or its system code. It is the same for the same trouble. */
  error: string;
  /**
   * The words of AWS, of the lock store or of the network: one line of at most 1,000 characters. Each
   * quote of a request, of credentials or of a URL's user part is replaced by `…`.
   */
  message: string;
}

/** Fields of events of a failed call to AWS. */
export interface CallTrouble extends Trouble {
  /** The id by which AWS's support finds the call. Undefined if there was no response. */
  requestId: string | undefined;
}

/** The events of a source, and their fields. None has an input, an output, a cause or a token. */
export interface StepFuncSourceEvents {
  /** The handle's `state` has changed. */
  stateChanged: SourceEvent & { from: StepFuncSourceState; to: StepFuncSourceState };
  /**
   * An attempt to start failed. The next is made in `retryInMs`; undefined if this was the last one,
   * and `start()` rejects.
   */
  startFailed: SourceEvent & CallTrouble & { retryInMs: number | undefined };
  /** A poll brought a task. It goes to the component now. */
  taskReceived: AttributedEvent;
  /** AWS took the task's output. */
  taskSucceeded: ReportedEvent;
  /**
   * AWS took the task's failure. `error` is the error name that was reported. `message` is there if
   * the source named the error itself. A component's own words are in the execution's history only.
   */
  taskFailed: ReportedEvent & { error: string; message?: string | undefined };
  /**
   * AWS did not take the task's result, as far as the source knows. `reason` says why: see
   * {@link TaskLostReason}.
   */
  taskLost: EndedEvent & { reason: TaskLostReason };
  /** A poll failed. The poller polls again in `retryInMs`. */
  pollFailed: PollerEvent & CallTrouble & { retryInMs: number };
  /** A heartbeat failed for a passing reason. The task goes on. */
  heartbeatFailed: TaskEvent & CallTrouble;
  /** A report failed for a passing reason. It is sent again; until then the slot is held. */
  reportFailed: TaskEvent & CallTrouble;
  /** With `locks`: this instance holds the poller's lease now, and polls. */
  leaseAcquired: PollerEvent;
  /**
   * With `locks`: this instance no longer holds the poller's lease. `error` is `LeaseExpired` if no
   * renewal succeeded in time, or `LeaseNotOwned` if the store says that another owner holds it.
   */
  leaseLost: PollerEvent & Trouble;
  /** With `locks`: the poller's polls and tasks have ended, and its lease was released. */
  leaseReleased: PollerEvent;
  /**
   * With `locks`: a call to the store failed. It is made again, and a lease is still held. `poller`
   * is undefined if the call was about no poller: instances ask the store who else is here.
   */
  lockStoreFailed: SourceEvent & Trouble & { poller: number | undefined };
}

/** The events' names. */
export type EventName = keyof StepFuncSourceEvents;

// An object: the compiler then reports a name that is missing.
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

/** A listener of one event, sync or async. Its errors and rejections are dropped. */
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
   * Calls every listener, and drops what they throw or reject with. `cause` is what a failed task was
   * reported with. It is no field of the event, since it may hold secrets (T10).
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
