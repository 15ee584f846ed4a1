import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { terminationSignal as TerminationSignal } from '../../../lib/index.js';

type Signal = NodeJS.Signals;

/** What it knows of the process's signals it knows for good: each test has it anew. */
let terminationSignal: typeof TerminationSignal;
let before: Map<Signal, NodeJS.SignalsListener[]>;
const watched: Signal[] = ['SIGTERM', 'SIGINT', 'SIGUSR2', 'SIGHUP'];
const exit = vi.spyOn(process, 'exit');

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  ({ terminationSignal } = await import('../../../lib/source/termination-signal.js'));
  before = new Map(watched.map((name) => [name, process.listeners(name)]));
  exit.mockReset().mockImplementation((() => undefined) as never);
});

afterEach(() => {
  for (const [name, listeners] of before) {
    for (const listener of added(name)) process.off(name, listener);
    expect(process.listeners(name)).toEqual(listeners);
  }
  vi.useRealTimers();
});

const added = (name: Signal) =>
  process.listeners(name).filter((listener) => !before.get(name)?.includes(listener));

/** As the operating system's: to the listeners of the spec's own making alone. */
function send(name: Signal): void {
  for (const listener of added(name)) listener(name);
}

describe('terminationSignal', () => {
  it.each<[Signal]>([['SIGTERM'], ['SIGINT']])('aborts at %s, and its reason says so', (name) => {
    const signal = terminationSignal();
    expect(signal.aborted).toBe(false);
    send(name);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({
      name: 'AbortError',
      message: `The process received ${name}`,
    });
  });

  it('does not touch a process that never calls it', () => {
    for (const name of watched) expect(added(name)).toEqual([]);
  });

  it('shares one listener a signal over all calls', () => {
    const signals = [
      terminationSignal(),
      terminationSignal(),
      terminationSignal(['SIGTERM']),
      terminationSignal(['SIGINT', 'SIGTERM', 'SIGTERM']),
      terminationSignal(['SIGUSR2', 'SIGTERM']),
    ];
    expect(watched.map((name) => added(name).length)).toEqual([1, 1, 1, 0]);
    send('SIGTERM');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true, true]);
  });

  it('aborts for the signals that were asked for alone', () => {
    const [usual, other] = [terminationSignal(), terminationSignal(['SIGUSR2'])];
    send('SIGUSR2');
    expect([usual.aborted, other.aborted]).toEqual([false, true]);
  });

  it('has aborted at once if its signal came before it was called', () => {
    terminationSignal();
    send('SIGTERM');
    expect(terminationSignal(['SIGTERM', 'SIGHUP']).aborted).toBe(true);
    expect(terminationSignal(['SIGHUP']).aborted).toBe(false);
  });

  it.each<[string, Signal[]]>([
    ['a SIGTERM every 100 ms', Array.from({ length: 100 }, () => 'SIGTERM')],
    ['Ctrl-C five times within 2 s', Array.from({ length: 5 }, () => 'SIGINT')],
    ['a SIGTERM and a SIGINT', ['SIGTERM', 'SIGINT']],
  ])('ignores what comes later: %s', (_, names) => {
    terminationSignal();
    for (const name of names) {
      send(name);
      vi.advanceTimersByTime(100);
    }
    expect(exit).not.toHaveBeenCalled();
  });

  it.each<[Signal]>([['SIGINT'], ['SIGTERM']])(
    'exits with 130 at a SIGINT more than 2 s after the first signal, a %s',
    (first) => {
      terminationSignal();
      send(first);
      vi.advanceTimersByTime(2_000);
      send('SIGINT');
      expect(exit).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      send('SIGINT');
      expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    },
  );

  it('never exits for a SIGTERM, however late', () => {
    terminationSignal();
    send('SIGINT');
    vi.advanceTimersByTime(3_600_000);
    send('SIGTERM');
    expect(exit).not.toHaveBeenCalled();
  });

  it('S3: has no warning of leaked listeners with a hundred sources on it', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    for (let i = 0; i < 100; i += 1) terminationSignal().addEventListener('abort', () => undefined);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('takes the names of every platform', () => {
    const names: Signal[] = ['SIGBREAK', 'SIGHUP'];
    expect(terminationSignal(names).aborted).toBe(false);
    process.removeAllListeners('SIGBREAK');
  });

  it.each<[unknown, RegExp]>([
    ['SIGTERM', /expected a list of signals' names, .*, got "SIGTERM" \(string of 7\)/],
    [null, /expected a list of signals' names, .*, got null/],
    [[], /expected a list of signals' names, .*, got an empty one/],
    [['SIGKILL'], /no process can catch SIGKILL/],
    [['SIGTERM', 'SIGSTOP'], /no process can catch SIGSTOP/],
    [['sigterm'], /got "sigterm" \(string of 7\); did you mean SIGTERM\?/],
    [['TERM'], /did you mean SIGTERM\?/],
    [['SIGTREM'], /did you mean SIGTERM\?/],
    [['int'], /did you mean SIGINT\?/],
    [[15], /expected a signal's name, such as 'SIGTERM', got 15 \(number\)$/],
    [[''], /expected a signal's name/],
    [[undefined], /got nothing$/],
    [['toString'], /expected a signal's name/],
  ])('refuses %j by a TypeError, and listens to nothing', (signals, words) => {
    const call = () => terminationSignal(signals as never);
    expect(call).toThrow(TypeError);
    expect(call).toThrow(words);
    for (const name of watched) expect(added(name)).toEqual([]);
  });
});
