import { afterEach, beforeEach, expect, vi } from 'vitest';

/** Fakes the timers of each test, and finds those that it leaves. Call it once in a spec file. */
export function useFakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    const timersLeft = vi.getTimerCount();
    vi.useRealTimers();
    expect(timersLeft).toBe(0);
  });
}

/** The same, and expects no warning of Node's, as of too many listeners. */
export function watchTimersAndWarnings(): void {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  useFakeTimers();
  beforeEach(() => void process.on('warning', onWarning));
  afterEach(() => {
    process.off('warning', onWarning);
    expect(warnings.splice(0)).toEqual([]);
  });
}
