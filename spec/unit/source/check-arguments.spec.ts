import { describe, expect, it } from 'vitest';
import {
  checkListener,
  checkSignal,
  checkStopOptions,
} from '../../../lib/source/check-arguments.js';
import type { StepFuncSource } from '../../../lib/index.js';
import { runAll } from '../../../lib/index.js';
import { setUp } from '../../support/source-on-fake.js';

/** The words of the TypeError with which something is refused, thrown or rejected with. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error('was not refused');
}

const quiet = () => undefined;
// Aborted: a `run` that took the wrong options would end at once.
const signal = AbortSignal.abort();

/** Everything on the handle that takes the same arguments. */
const withStopOptions: [string, (source: StepFuncSource, options: never) => unknown][] = [
  ['stop', (source, options) => source.stop(options)],
  ['run', (source, options) => source.run(signal, options)],
  ['runAll', (source, options) => runAll([source], signal, options)],
];
const withSignal: [string, (source: StepFuncSource, signal: never) => unknown][] = [
  ['run', (source, given) => source.run(given)],
  ['runAll', (source, given) => runAll([source], given)],
];

describe.each(withStopOptions)('%s', (where, call) => {
  it.each<[unknown, string]>([
    [{ grace: 5 }, 'unknown option "grace"; did you mean graceMs?'],
    [{ gracems: 5 }, 'unknown option "gracems"; did you mean graceMs?'],
    [{ grace_ms: 5 }, 'unknown option "grace_ms"; did you mean graceMs?'],
    [{ timeout: 5 }, 'unknown option "timeout"; known options are graceMs'],
    [{ graceMs: 5, force: true }, 'unknown option "force"; known options are graceMs'],
    [5, 'expected options to be an object, got 5 (number); did you mean { graceMs: 5 }?'],
    [null, 'expected options to be an object, got null'],
    [[5], 'expected options to be an object, got an array'],
    ['5s', 'expected options to be an object, got "5s" (string of 2)'],
    [{ graceMs: -1 }, 'expected graceMs to be a number of milliseconds from 0, got -1 (number)'],
    [
      { graceMs: '10' },
      'expected graceMs to be a number of milliseconds from 0, got "10" (string of 2)',
    ],
    [{ graceMs: Number.NaN }, 'expected graceMs to be a number of milliseconds from 0, got NaN'],
    [{ graceMs: null }, 'expected graceMs to be a number of milliseconds from 0, got null'],
  ])('refuses %o: a stop without its bound would go unnoticed', async (options, words) => {
    const { source } = setUp();
    expect(await refusal(() => call(source, options as never))).toContain(`${where}: ${words}`);
    expect(source.state).toBe('stopped');
  });
});

describe.each(withSignal)('%s', (where, call) => {
  it.each<[string, unknown, string]>([
    ['no signal', undefined, 'got nothing'],
    ['null', null, 'got null'],
    ['a controller', new AbortController(), 'got an AbortController; did you mean its signal?'],
    ['options alone', { graceMs: 5 }, 'got an object'],
    ['the name of a signal', 'SIGTERM', 'got "SIGTERM" (string of 7)'],
    ['an object that has aborted alone', { aborted: false }, 'got an object'],
  ])('refuses %s', async (_, given, words) => {
    const { source } = setUp();
    expect(await refusal(() => call(source, given as never))).toBe(
      `${where}: expected signal to be an AbortSignal, such as terminationSignal(), ${words}`,
    );
    expect(source.state).toBe('stopped');
  });
});

it('takes options and signals that are right', () => {
  for (const options of [
    undefined,
    {},
    { graceMs: undefined },
    { graceMs: 0 },
    { graceMs: Infinity },
  ]) {
    expect(() => checkStopOptions('stop', options)).not.toThrow();
  }
  expect(() => checkSignal('run', AbortSignal.abort())).not.toThrow();
});

describe.each(['on', 'once', 'off'] as const)('%s', (method) => {
  it.each<[unknown, string]>([
    ['taskfailed', 'unknown event "taskfailed"; did you mean taskFailed?'],
    ['task-failed', 'unknown event "task-failed"; did you mean taskFailed?'],
    ['TASK_SUCCEEDED', 'unknown event "TASK_SUCCEEDED"; did you mean taskSucceeded?'],
    ['stateChange', 'unknown event "stateChange"; did you mean stateChanged?'],
    ['error', 'unknown event "error"; known events are stateChanged, startFailed, taskReceived, '],
    ['', 'unknown event ""; known events are '],
    ['toString', 'unknown event "toString"; known events are '],
    [undefined, "expected an event's name, got nothing"],
    [Symbol('x'), "expected an event's name, got a symbol"],
  ])('refuses the event %o, which is never emitted', async (name, words) => {
    const { source } = setUp();
    expect(await refusal(() => source[method](name as never, quiet))).toContain(
      `${method}: ${words}`,
    );
  });

  it.each<[unknown, string]>([
    [undefined, 'nothing'],
    [null, 'null'],
    ['log', '"log" (string of 3)'],
    [{ handleEvent: quiet }, 'an object'],
  ])('refuses the listener %o', async (listener, came) => {
    const { source } = setUp();
    expect(await refusal(() => source[method]('taskFailed', listener as never))).toBe(
      `${method}: expected a listener of taskFailed to be a function, got ${came}`,
    );
  });
});

it('takes every event that there is', () => {
  expect(() => checkListener('on', 'lockStoreFailed', quiet)).not.toThrow();
});
