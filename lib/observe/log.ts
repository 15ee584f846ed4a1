import { callSafely } from '../common/call-safely.js';
import type { Clock } from '../async/clock.js';
import { createFallingRate } from './log-throttle.js';
import type { EventName, Events, StepFuncSourceEvents } from './events.js';
import { eventNames } from './events.js';

/** A logger that takes fields first, then the message. pino and `console` fit. */
export interface Logger {
  /** A task was received, or has succeeded. */
  debug(fields: object, message: string): void;
  /** The source changed its state, or a lease was acquired or released. */
  info(fields: object, message: string): void;
  /** A task failed, a lease was lost, or a call that is made again failed. */
  warn(fields: object, message: string): void;
  /** A task was lost. */
  error(fields: object, message: string): void;
}

interface Line<E> {
  level: keyof Logger;
  message(event: E): string;
  /**
   * Lines of one kind are written at a falling rate: a failure may come a thousand times. Absent: each
   * is written. A lost task has no kind, so that none goes unseen.
   */
  kind?(event: E): string;
}

const byError = ({ error }: { error: string }) => error;

/** The log line of each event. The event itself is the fields. */
const lines: { [N in EventName]: Line<StepFuncSourceEvents[N]> } = {
  stateChanged: { level: 'info', message: ({ to }) => `The source is ${to}` },
  startFailed: {
    level: 'warn',
    message: ({ error, message, retryInMs }) =>
      `The start failed with ${error}: ${message}; ${retryInMs === undefined ? 'it is not tried again' : `trying again in ${retryInMs} ms`}`,
  },
  taskReceived: { level: 'debug', message: () => 'A task was received' },
  taskSucceeded: { level: 'debug', message: () => 'A task succeeded' },
  taskFailed: {
    level: 'warn',
    message: ({ error, message }) =>
      `A task failed with ${error}${message === undefined ? '' : `: ${message}`}`,
    kind: byError,
  },
  taskLost: { level: 'error', message: ({ reason }) => whyLost[reason] },
  pollFailed: {
    level: 'warn',
    message: ({ error, message, retryInMs }) =>
      `A poll failed with ${error}: ${message}; polling again in ${retryInMs} ms`,
    kind: byError,
  },
  heartbeatFailed: {
    level: 'warn',
    message: ({ error, message }) =>
      `A heartbeat failed with ${error}: ${message}; the task goes on`,
    kind: byError,
  },
  reportFailed: {
    level: 'warn',
    message: ({ error, message }) => `A report failed with ${error}: ${message}; it is sent again`,
    kind: byError,
  },
  leaseAcquired: { level: 'info', message: ({ poller }) => `Poller ${poller} is held here now` },
  leaseLost: {
    level: 'warn',
    message: ({ poller, error, message }) => `Poller ${poller} was lost: ${error}: ${message}`,
  },
  leaseReleased: { level: 'info', message: ({ poller }) => `Poller ${poller} was given back` },
  lockStoreFailed: {
    level: 'warn',
    message: ({ error, message }) => `A call to the lock store failed with ${error}: ${message}`,
    kind: byError,
  },
};

const whyLost = {
  closed: 'A task was lost: Step Functions had closed it before its result arrived',
  unknown: 'A task may be lost: it is closed, perhaps by a report whose answer was lost',
  abandoned: 'A task was lost: its report did not get through before the stop',
};

/** An error's name may be the component's. It must not begin a line or control a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

export interface LogOptions {
  clock: Clock;
  /** Whether the lines of failed tasks have the cause. */
  causes: boolean;
}

/**
 * Writes a line for every event. A failure that repeats is written at a falling rate. `count` is then
 * how often it happened since its last line.
 */
export function logEvents(events: Events, logger: Logger, { clock, causes }: LogOptions): void {
  const standsFor = createFallingRate();
  for (const name of eventNames) {
    // The compiler can't see that each name's line is for its own event.
    const line = lines[name] as Line<StepFuncSourceEvents[typeof name]>;
    events.on(name, (event) => {
      const kind = line.kind?.(event);
      const count = kind === undefined ? 1 : standsFor(`${name} ${kind}`, clock.monotonic());
      if (count === undefined) return;
      const cause = causes ? events.causeOf(event) : undefined;
      const fields =
        count === 1 && cause === undefined
          ? event
          : { ...event, ...(count > 1 && { count }), ...(cause !== undefined && { cause }) };
      const message = line.message(event).replaceAll(NOT_PLAIN, ' ');
      // A logger's methods may be async: an unhandled rejection of one would end the process.
      callSafely(() => logger[line.level](fields, message));
    });
  }
}
