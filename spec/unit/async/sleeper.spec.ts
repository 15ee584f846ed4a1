import { describe, expect, it } from 'vitest';
import { createSleeper } from '../../../lib/async/sleeper.js';
import { createAlarm } from '../../../lib/async/alarm.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

describe('createSleeper', () => {
  it.each([
    ['after its time', 'pass', 1_000],
    ['when it is woken', 'wake', 0],
  ] as const)('a sleep ends %s, and leaves no timer', async (_, how, ms) => {
    const clock = createVirtualClock();
    const sleeper = createSleeper(clock);
    let awake = false;
    sleeper.wake();
    const sleep = sleeper
      .sleep(new AbortController().signal, 999.5)
      .then(() => void (awake = true));
    await clock.pass(how === 'pass' ? 999 : 10);
    expect(awake).toBe(false);
    if (how === 'wake') sleeper.wake();
    await clock.pass(ms);
    await sleep;
    expect(clock.timers()).toBe(0);
  });
});

describe('createAlarm', () => {
  it('calls back once, by its last setting, and not after it is canceled', async () => {
    const clock = createVirtualClock();
    let calls = 0;
    const alarm = createAlarm(clock, () => void (calls += 1));
    alarm.set(100);
    alarm.set(500);
    await clock.pass(499);
    expect(calls).toBe(0);
    await clock.pass(500);
    expect(calls).toBe(1);
    alarm.set(100);
    alarm.cancel();
    await clock.pass(500);
    expect([calls, clock.timers()]).toEqual([1, 0]);
  });
});
