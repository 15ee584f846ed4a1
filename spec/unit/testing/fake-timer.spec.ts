import { describe, expect, it, vi } from 'vitest';
import { after } from '../../../lib/testing/fake-timer.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('after', () => {
  it('calls once, and rounds a fraction up', () => {
    const fn = vi.fn();
    after(1.2, fn);
    vi.advanceTimersByTime(1);
    expect(fn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(fn).toHaveBeenCalledOnce();
  });

  it('calls never for Infinity, and then holds no timer', () => {
    const cancel = after(Infinity, () => expect.unreachable());
    expect(vi.getTimerCount()).toBe(0);
    cancel();
  });

  it('can be longer than a timer of Node, and canceled', () => {
    const fn = vi.fn();
    const days = 30 * 86_400_000;
    const cancel = after(days, fn);
    vi.advanceTimersByTime(days - 1);
    expect(fn).not.toHaveBeenCalled();
    cancel();
    vi.advanceTimersByTime(days);
    expect(fn).not.toHaveBeenCalled();
  });
});
