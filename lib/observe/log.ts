import { callSafely } from '../common/call-safely.js';
import type { Clock } from '../async/clock.js';
import { createFallingRate } from './log-throttle.js';
import type { EventName, Events, StepFuncSourceEvents } from './events.js';
import { eventNames } from './events.js';

/** A logger: fields first, then the message, as pino has it. `console` fits as well. */
export interface Logger {
  /** Tasks that were received, and those that succeeded. */
  debug(fields: object, message: string): void;
  /** Changes of the source's state, and pollers that come and go. */
  info(fields: object, message: string): void;
  /** Failures: of tasks, and of calls that are made again. */
  warn(fields: object, message: string): void;
  /** Tasks that were lost. */
  error(fields: object, message: string): void;
}

interface Line<E> {
  level: keyof Logger;
  message(event: E): string;
  /**
   * Failures that come in numbers: written at a falling rate, apart for each kind. Absent: each is
   * written. A task that is lost is not among them.
   */
  kind?(event: E): string;
}

const byError = ({ error }: { error: string }) => error;

/** How each event reads in a log. The event itself is the fields. */
const lines: { [N in EventName]: Line<StepFuncSourceEvents[N]> } = {
  stateChanged: { level: 'info', message: ({ to }) => `The source is ${to}` },
  startFailed: {
    level: 'warn',
    message: ({ error, message, retryInMs }) =>
      `The start failed with ${error}: ${message}; trying again in ${retryInMs} ms`,
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

/** An error's name is the component's own: it must neither begin a line nor steer a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

export interface LogOptions {
  clock: Clock;
  /** Whether lines of failed tasks have their causes. */
  causes: boolean;
}

/**
 * Writes a line for every event. A failure that repeats is written at a falling rate: `count` is then
 * how many times it has happened since its last line.
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
      // A logger's methods may well be async, and their rejections nobody else's.
      callSafely(() => logger[line.level](fields, message));
    });
  }
}
