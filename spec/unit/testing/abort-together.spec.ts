import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { abortTogether } from '../../../lib/testing/abort-together.js';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('abortTogether', () => {
  it('calls every callback, with one listener on the signal', () => {
    const register = abortTogether();
    const controller = new AbortController();
    const callbacks = Array.from({ length: 20 }, () => vi.fn());
    for (const callback of callbacks) register(controller.signal, callback);
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    for (const callback of callbacks) expect(callback).toHaveBeenCalledOnce();
  });

  it('calls none that was removed, and leaves no listener after the last', () => {
    const register = abortTogether();
    const controller = new AbortController();
    const [kept, removed] = [vi.fn(), vi.fn()];
    const removeKept = register(controller.signal, kept);
    const remove = register(controller.signal, removed);
    remove();
    remove();
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect([kept.mock.calls.length, removed.mock.calls.length]).toEqual([1, 0]);
    removeKept();
    expect(listeners(controller.signal)).toBe(0);
  });

  it('keeps signals apart, and takes a signal again after its last callback', () => {
    const register = abortTogether();
    const [one, two] = [new AbortController(), new AbortController()];
    const [first, second, third] = [vi.fn(), vi.fn(), vi.fn()];
    register(one.signal, first)();
    register(one.signal, second);
    register(two.signal, third);
    one.abort();
    expect([first, second, third].map(({ mock }) => mock.calls.length)).toEqual([0, 1, 0]);
  });
});
