import { describe, expect, it, vi } from 'vitest';
import { createAlarm } from '../../../lib/async/alarm.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

function setUp() {
  const clock = createVirtualClock();
  const callBack = vi.fn();
  return { clock, callBack, alarm: createAlarm(clock, callBack) };
}

describe('createAlarm', () => {
  it('calls back once, and never before the time that was set', async () => {
    const { clock, callBack, alarm } = setUp();
    alarm.set(9.4);
    await clock.pass(9.9);
    expect(callBack).not.toHaveBeenCalled();
    await clock.pass(0.1);
    expect(callBack).toHaveBeenCalledOnce();
    expect(clock.timers()).toBe(0);
  });

  it.each([
    ['sooner', 50],
    ['later', 150],
  ])('drops an earlier setting that was %s', async (_, earlierMs) => {
    const { clock, callBack, alarm } = setUp();
    alarm.set(earlierMs);
    alarm.set(100);
    expect(clock.timers()).toBe(1);
    await clock.pass(99);
    expect(callBack).not.toHaveBeenCalled();
    await clock.pass(1_000);
    expect(callBack).toHaveBeenCalledOnce();
  });

  it('calls nothing back once it is canceled, and can be set again then', async () => {
    const { clock, callBack, alarm } = setUp();
    alarm.cancel();
    alarm.set(10);
    alarm.cancel();
    alarm.cancel();
    expect(clock.timers()).toBe(0);
    await clock.pass(1_000);
    expect(callBack).not.toHaveBeenCalled();
    alarm.set(10);
    await clock.pass(10);
    expect(callBack).toHaveBeenCalledOnce();
  });
});
