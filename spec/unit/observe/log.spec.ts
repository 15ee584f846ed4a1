import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventName } from '../../../lib/observe/events.js';
import { createEvents } from '../../../lib/observe/events.js';
import type { Logger } from '../../../lib/observe/log.js';
import { logEvents } from '../../../lib/observe/log.js';

type Level = keyof Logger;

/** Its fields are not checked against the map of events: a line passes on what there is. */
interface Told {
  name: EventName;
  event: Record<string, string | number>;
}

const levels: Level[] = ['debug', 'info', 'warn', 'error'];
const task = { activityName: 'sum', poller: 1, task: 'a1b2c3-7' };
const ended = { ...task, durationMs: 12, invokeMs: 9 };
const poller = { activityName: 'sum', poller: 1 };

/** Every kind of line: the event, its level, and what the message must say. */
const told: [Told, Level, RegExp][] = [
  [
    { name: 'stateChanged', event: { activityName: 'sum', from: 'starting', to: 'running' } },
    'info',
    /^The source is running$/,
  ],
  [{ name: 'taskReceived', event: task }, 'debug', /received/],
  [{ name: 'taskSucceeded', event: { ...ended, attempts: 1 } }, 'debug', /succeeded/],
  [
    { name: 'taskFailed', event: { ...ended, attempts: 1, error: 'Sum.Overflow' } },
    'warn',
    /failed with Sum\.Overflow/,
  ],
  [{ name: 'taskLost', event: { ...ended, reason: 'closed' } }, 'error', /was lost: .*closed/],
  [{ name: 'taskLost', event: { ...ended, reason: 'unknown' } }, 'error', /may be lost/],
  [{ name: 'taskLost', event: { ...ended, reason: 'abandoned' } }, 'error', /was lost: .*stop/],
  [
    { name: 'pollFailed', event: { ...poller, error: 'ThrottlingException', retryInMs: 1_500 } },
    'warn',
    /ThrottlingException.*1500 ms/,
  ],
  [
    { name: 'heartbeatFailed', event: { ...task, error: 'TimeoutError' } },
    'warn',
    /TimeoutError.*goes on/,
  ],
  [{ name: 'reportFailed', event: { ...task, error: 'ECONNRESET' } }, 'warn', /ECONNRESET.*again/],
  [{ name: 'leaseAcquired', event: poller }, 'info', /Poller 1/],
  [
    { name: 'leaseLost', event: { ...poller, error: 'LeaseExpired' } },
    'warn',
    /Poller 1.*LeaseExpired/,
  ],
  [{ name: 'leaseReleased', event: poller }, 'info', /Poller 1/],
  [
    { name: 'lockStoreFailed', event: { ...poller, error: 'ECONNREFUSED' } },
    'warn',
    /store.*ECONNREFUSED/,
  ],
];

function setUp(overrides: Partial<Logger> = {}) {
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
  logEvents(events, logger);
  const emit = ({ name, event }: Told) => events.emit(name, event as never);
  return { events, lines, emit, logger };
}

afterEach(() => void vi.useRealTimers());

describe('logEvents', () => {
  it.each(told.map(([{ name, event }, level, words]) => ({ name, event, level, words })))(
    '$name: one line of level $level, the event first, then the message',
    ({ name, event, level, words }) => {
      const { emit, lines } = setUp();
      emit({ name, event });
      expect(lines).toEqual([[level, event, expect.stringMatching(words)]]);
    },
  );

  it.each(told.map(([{ name, event }]) => ({ name, event })))(
    'T10: the message of $name is made of names, states and times alone',
    ({ name, event }) => {
      const { emit, lines } = setUp();
      const secret = 'open-sesame';
      const secrets = { token: secret, input: secret, output: secret, cause: secret };
      emit({ name, event: { ...event, ...secrets } });
      expect(lines).toHaveLength(1);
      expect(String(lines[0]?.[2])).not.toContain(secret);
    },
  );

  it('tells a failure that repeats at a falling rate, and how often it was, but every lost task', () => {
    vi.useFakeTimers();
    const { emit, lines } = setUp();
    const failed: Told = {
      name: 'pollFailed',
      event: { ...poller, error: 'E', retryInMs: 1 },
    };
    const other: Told = {
      ...failed,
      event: { ...poller, error: 'F', retryInMs: 1 },
    };
    const lost: Told = {
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
    const toldOf = repeated.reduce((sum, { count = 1 }) => sum + count, 0);
    expect(toldOf).toBeLessThanOrEqual(1_000);
    expect(toldOf).toBeGreaterThan(100);
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
    logEvents(events, logger);
    for (const [{ name, event }] of told) events.emit(name, event as never);
    expect(logger.said).toHaveLength(told.length);
  });

  it('a logger that throws disturbs neither other listeners nor the source', () => {
    const fail = vi.fn(() => {
      throw new Error('the disk is full');
    });
    const { events, emit } = setUp(Object.fromEntries(levels.map((level) => [level, fail])));
    const listener = vi.fn();
    for (const [{ name }] of told) events.on(name, listener);
    for (const [event] of told) expect(() => emit(event)).not.toThrow();
    expect(fail).toHaveBeenCalledTimes(told.length);
    // Some events stand in the table more than once, and so have that many listeners.
    expect(listener.mock.calls.length).toBeGreaterThanOrEqual(told.length);
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
      for (const [event] of told) emit(event);
      expect(calls).toBe(told.length);
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });
});
