import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventName, NamedEvent, StepFuncSourceEvents } from '../../../lib/observe/events.js';
import { createEvents, eventNames } from '../../../lib/observe/events.js';
import type { Logger } from '../../../lib/observe/log.js';
import { systemClock } from '../../../lib/async/clock.js';
import { logEvents } from '../../../lib/observe/log.js';

type Level = keyof Logger;

const levels: Level[] = ['debug', 'info', 'warn', 'error'];
const task = { activityName: 'sum', poller: 1, task: 'a1b2c3-7', attributes: {} };
const ended = { ...task, durationMs: 12, invokeMs: 9 };
const poller = { activityName: 'sum', poller: 1 };
const denied = {
  error: 'AccessDeniedException',
  message: 'User: arn:aws:iam::1:user/me is not authorized',
  requestId: 'a-1',
};
const reset = { error: 'ECONNRESET', message: 'read ECONNRESET', requestId: undefined };
const refused = { error: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:9' };

/** Every kind of line: the event, its level, and what the message must say. One name has several. */
const lineOf: {
  [N in EventName]: [event: StepFuncSourceEvents[N], level: Level, words: RegExp][];
} = {
  stateChanged: [
    [{ activityName: 'sum', from: 'starting', to: 'running' }, 'info', /^The source is running$/],
  ],
  startFailed: [
    [
      { activityName: 'sum', ...denied, retryInMs: 2_000 },
      'warn',
      /start failed with AccessDeniedException: User: .* is not authorized; .* 2000 ms/,
    ],
    [
      { activityName: 'sum', ...denied, retryInMs: undefined },
      'warn',
      /start failed with AccessDeniedException: User: .* is not authorized; it is not tried again$/,
    ],
  ],
  taskReceived: [[task, 'debug', /received/]],
  taskSucceeded: [[{ ...ended, attempts: 1 }, 'debug', /succeeded/]],
  taskFailed: [
    [{ ...ended, attempts: 1, error: 'Sum.Overflow' }, 'warn', /failed with Sum\.Overflow$/],
    [
      { ...ended, attempts: 1, error: 'StepFuncSource.InvokeFailed', message: refused.message },
      'warn',
      /failed with StepFuncSource\.InvokeFailed: connect ECONNREFUSED 127\.0\.0\.1:9$/,
    ],
  ],
  taskLost: [
    [{ ...ended, reason: 'closed' }, 'error', /was lost: .*closed/],
    [{ ...ended, reason: 'unknown' }, 'error', /may be lost/],
    [{ ...ended, reason: 'abandoned' }, 'error', /was lost: .*stop/],
  ],
  pollFailed: [
    [
      { ...poller, ...denied, retryInMs: 1_500 },
      'warn',
      /AccessDeniedException: User: .* is not authorized; polling again in 1500 ms$/,
    ],
  ],
  heartbeatFailed: [[{ ...task, ...reset }, 'warn', /ECONNRESET: read ECONNRESET.*goes on/]],
  reportFailed: [[{ ...task, ...reset }, 'warn', /ECONNRESET: read ECONNRESET.*again/]],
  leaseAcquired: [[poller, 'info', /Poller 1/]],
  leaseLost: [
    [
      { ...poller, error: 'LeaseExpired', message: 'not renewed in time' },
      'warn',
      /Poller 1.*LeaseExpired: not renewed in time/,
    ],
  ],
  leaseReleased: [[poller, 'info', /Poller 1/]],
  lockStoreFailed: [
    [{ ...poller, ...refused }, 'warn', /store.*ECONNREFUSED: connect ECONNREFUSED 127/],
  ],
};
const expectedLines: [NamedEvent, Level, RegExp][] = eventNames.flatMap((name) =>
  lineOf[name].map(([event, level, words]): [NamedEvent, Level, RegExp] => [
    { name, event } as NamedEvent,
    level,
    words,
  ]),
);

function setUp(overrides: Partial<Logger> = {}, causes = false) {
  const events = createEvents();
  const lines: [Level, ...unknown[]][] = [];
  const write =
    (level: Level) =>
    (...args: unknown[]) =>
      void lines.push([level, ...args]);
  const logger: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    ...overrides,
  };
  logEvents(events, logger, { clock: systemClock, causes });
  const emit = ({ name, event }: NamedEvent, cause?: string) => events.emit(name, event, cause);
  return { events, lines, emit, logger };
}

afterEach(() => void vi.useRealTimers());

describe('logEvents', () => {
  it.each(
    expectedLines.map(([emitted, level, words]) => ({ name: emitted.name, emitted, level, words })),
  )(
    '$name: one line of level $level, the event first, then the message',
    ({ emitted, level, words }) => {
      const { emit, lines } = setUp();
      emit(emitted);
      expect(lines).toEqual([[level, emitted.event, expect.stringMatching(words)]]);
    },
  );

  it.each(expectedLines.map(([emitted]) => emitted))(
    'T10: the line of $name has nothing that is not in the event, a cause least of all',
    (emitted) => {
      const { emit, lines } = setUp();
      const secret = 'open-sesame';
      const extra = { token: secret, input: secret, output: secret };
      emit({ name: emitted.name, event: { ...emitted.event, ...extra } } as NamedEvent, secret);
      expect(lines).toHaveLength(1);
      const [, fields, message] = lines[0] ?? [];
      expect(String(message)).not.toContain(secret);
      expect(fields).toEqual({ ...emitted.event, ...extra });
    },
  );

  it('logCauses: has the cause of a failed task in its line, and in no event', () => {
    const { events, emit, lines } = setUp({}, true);
    const heard: unknown[] = [];
    events.on('taskFailed', (...args: unknown[]) => heard.push(args));
    const event = { ...ended, attempts: 1, error: 'Sum.Overflow' };
    emit({ name: 'taskFailed', event }, 'too large by 3');
    expect(lines).toEqual([
      ['warn', { ...event, cause: 'too large by 3' }, 'A task failed with Sum.Overflow'],
    ]);
    expect(heard).toEqual([[event]]);
  });

  it('an error name and a message neither begin a line of their own nor steer a terminal', () => {
    const { emit, lines } = setUp();
    const event = { ...ended, attempts: 1, error: 'a\nb\u001b[2Jc\u2028d', message: 'e\r\nf' };
    emit({ name: 'taskFailed', event });
    expect(lines[0]?.[2]).toBe('A task failed with a b [2Jc d: e  f');
  });

  it('writes a failure that repeats at a falling rate, with its count, but every lost task', () => {
    vi.useFakeTimers();
    const { emit, lines } = setUp();
    const failed: NamedEvent = {
      name: 'pollFailed',
      event: { ...poller, ...denied, error: 'E', retryInMs: 1 },
    };
    const other: NamedEvent = {
      name: 'pollFailed',
      event: { ...poller, ...denied, error: 'F', retryInMs: 1 },
    };
    const lost: NamedEvent = {
      name: 'taskLost',
      event: { ...ended, reason: 'closed' },
    };
    for (let i = 0; i < 1_000; i++) {
      emit(failed);
      emit(lost);
      vi.advanceTimersByTime(100);
    }
    emit(other);
    expect(lines.filter(([level]) => level === 'error')).toHaveLength(1_000);
    const warnings = lines.filter(([level]) => level === 'warn').map(([, fields]) => fields);
    expect(warnings.at(-1)).toEqual(other.event);
    const repeated = warnings.slice(0, -1) as { count?: number }[];
    expect(repeated.length).toBeGreaterThan(1);
    expect(repeated.length).toBeLessThan(10);
    for (const fields of repeated) expect(fields).toMatchObject(failed.event);
    const counted = repeated.reduce((sum, { count = 1 }) => sum + count, 0);
    expect(counted).toBeLessThanOrEqual(1_000);
    expect(counted).toBeGreaterThan(100);
  });

  it('calls the logger as its method, which pino and classes need', () => {
    class Classic {
      readonly said: string[] = [];
      debug(_: object, message: string) {
        this.said.push(message);
      }
      info(_: object, message: string) {
        this.said.push(message);
      }
      warn(_: object, message: string) {
        this.said.push(message);
      }
      error(_: object, message: string) {
        this.said.push(message);
      }
    }
    const logger = new Classic();
    const events = createEvents();
    logEvents(events, logger, { clock: systemClock, causes: false });
    for (const [{ name, event }] of expectedLines) events.emit(name, event);
    expect(logger.said).toHaveLength(expectedLines.length);
  });

  it('a logger that throws disturbs neither other listeners nor the source', () => {
    const fail = vi.fn(() => {
      throw new Error('the disk is full');
    });
    const { events, emit } = setUp(Object.fromEntries(levels.map((level) => [level, fail])));
    const listener = vi.fn();
    for (const [{ name }] of expectedLines) events.on(name, listener);
    for (const [event] of expectedLines) expect(() => emit(event)).not.toThrow();
    expect(fail).toHaveBeenCalledTimes(expectedLines.length);
    // Some events stand in the table more than once, and so have that many listeners.
    expect(listener.mock.calls.length).toBeGreaterThanOrEqual(expectedLines.length);
  });

  it('S3: what a logger rejects with is never unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      let calls = 0;
      // No mock function: those handle what they return, to record it.
      const fail = async () => {
        calls += 1;
        throw new Error('the log server is down');
      };
      const { emit } = setUp(Object.fromEntries(levels.map((level) => [level, fail])));
      for (const [event] of expectedLines) emit(event);
      expect(calls).toBe(expectedLines.length);
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });
});
