import { callSafely } from '../common/call-safely.js';
import { createFallingRate } from './log-throttle.js';
import type { EventName, Events, StepFuncSourceEvents } from './events.js';

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

type Line<N extends EventName> = (event: StepFuncSourceEvents[N]) => [keyof Logger, string];

/** How each event reads in a log: its level and its message. The event itself is the fields. */
const lines: { [N in EventName]: Line<N> } = {
  stateChanged: ({ to }) => ['info', `The source is ${to}`],
  taskReceived: () => ['debug', 'A task was received'],
  taskSucceeded: () => ['debug', 'A task succeeded'],
  taskFailed: ({ error }) => ['warn', `A task failed with ${error}`],
  taskLost: ({ reason }) => ['error', whyLost[reason]],
  pollFailed: ({ error, retryInMs }) => [
    'warn',
    `A poll failed with ${error}; polling again in ${retryInMs} ms`,
  ],
  heartbeatFailed: ({ error }) => ['warn', `A heartbeat failed with ${error}; the task goes on`],
  reportFailed: ({ error }) => ['warn', `A report failed with ${error}; it is sent again`],
  leaseAcquired: ({ poller }) => ['info', `Poller ${poller} is held here now`],
  leaseLost: ({ poller, error }) => ['warn', `Poller ${poller} was lost: ${error}`],
  leaseReleased: ({ poller }) => ['info', `Poller ${poller} was given back`],
  lockStoreFailed: ({ error }) => ['warn', `A call to the lock store failed with ${error}`],
};

const whyLost = {
  closed: 'A task was lost: Step Functions had closed it before its result arrived',
  unknown: 'A task may be lost: it is closed, perhaps by a report whose answer was lost',
  abandoned: 'A task was lost: its report did not get through before the stop',
};

/** An error's name is the component's own: it shall neither begin a line nor steer a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Failures that come in numbers. A task that is lost is not among them: each is told. */
const repeating: ReadonlySet<EventName> = new Set<EventName>([
  'taskFailed',
  'pollFailed',
  'heartbeatFailed',
  'reportFailed',
  'lockStoreFailed',
]);

/**
 * Tells every event to the logger. A failure that repeats is told at a falling rate: `count` is then
 * how many times it has happened since it was last told.
 */
export function logEvents(events: Events, logger: Logger): void {
  const rate = createFallingRate();
  for (const name of Object.keys(lines) as EventName[]) {
    const line = lines[name] as Line<typeof name>;
    events.on(name, (event) => {
      const [level, text] = line(event);
      const message = text.replaceAll(NOT_PLAIN, ' ');
      // A logger's methods may well be async, and their rejections nobody else's.
      const tell = (fields: object) => callSafely(() => logger[level](fields, message));
      if (!repeating.has(name)) {
        tell(event);
        return;
      }
      const count = rate(`${name} ${'error' in event ? event.error : ''}`, performance.now());
      if (count !== undefined) tell(count === 1 ? event : { ...event, count });
    });
  }
}
