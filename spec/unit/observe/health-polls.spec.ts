import { describe, expect, it } from 'vitest';
import { pollerStuck, pollsFailing, pollsOverdue } from '../../../lib/observe/health-polls.js';
import type { NumberedVitals } from '../../../lib/observe/vitals.js';

const now = 1_000_000;
const ago = (ms: number) => now - ms;

/** An idle poller that is well, but for what is given. */
function poller(index: number, vitals: Partial<NumberedVitals> = {}): NumberedVitals {
  return {
    poller: index,
    openPolls: 1,
    tasks: 0,
    openSince: ago(10_000),
    stalledSince: undefined,
    failing: undefined,
    ...vitals,
  };
}

describe('pollsOverdue', () => {
  it.each([
    ['a poll that is open for 90 s', { openSince: ago(90_000) }, ago(90_000)],
    [
      'a slot that is free for 90 s with neither a poll nor a wait',
      { openPolls: 0, openSince: undefined, stalledSince: ago(91_000) },
      ago(91_000),
    ],
  ])('H: finds %s', (_, vitals, since) => {
    expect(pollsOverdue([poller(0), poller(3, vitals)], now)).toMatchObject({
      code: 'pollsOverdue',
      since,
      message: expect.stringMatching(/^No poll of poller 3 has come back for 90 s/) as unknown,
    });
  });

  it.each([
    ['a poll at its bound', { openSince: ago(70_000) }],
    ['a poller that waits', { openPolls: 0, openSince: undefined }],
    ['one whose slots are all at work', { openPolls: 0, tasks: 9, openSince: undefined }],
    ['a poll that waits for the ARN', { openSince: undefined }],
    ['a slot that is free for a moment', { openPolls: 0, stalledSince: ago(80_000) }],
    ['polls that fail', { failing: { since: ago(1e6), error: new Error('down') } }],
  ])('H: is silent of %s', (_, vitals) => {
    expect(pollsOverdue([poller(0, vitals)], now)).toBeUndefined();
  });

  it('H: is one problem for all pollers, since the first of them', () => {
    const pollers = [95_000, 120_000, 91_000].map((ms, i) => poller(i, { openSince: ago(ms) }));
    expect(pollsOverdue(pollers, now)).toMatchObject({
      since: ago(120_000),
      message: expect.stringContaining('No poll of 3 pollers') as unknown,
    });
  });
});

describe('pollerStuck', () => {
  const lost = { leaseLostAt: ago(10_000), openSince: undefined };

  it('H: finds a poller that has not ended with its lease, and has nothing left to do', () => {
    expect(pollerStuck([poller(0), poller(2, { ...lost, openPolls: 0 })], now)).toMatchObject({
      code: 'pollerStuck',
      since: ago(10_000),
      message: expect.stringContaining('The lease of poller 2 is lost') as unknown,
    });
  });

  it.each([
    ['has a poll open', { ...lost, openPolls: 1 }],
    ['has a task', { ...lost, openPolls: 0, tasks: 1 }],
    ['has just lost its lease', { ...lost, openPolls: 0, leaseLostAt: ago(100) }],
    ['holds its lease', { openPolls: 0 }],
  ])('H: is silent of one that %s', (_, vitals) => {
    expect(pollerStuck([poller(0, vitals)], now)).toBeUndefined();
  });
});

describe('pollsFailing', () => {
  const error = Object.assign(new Error('secret'), { name: 'ThrottlingException' });

  it('H: finds polls that have failed for 60 s, and names the errors', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    const found = pollsFailing(
      [
        poller(0, { failing: { since: ago(60_000), error } }),
        poller(1, { failing: { since: ago(61_000), error: refused } }),
        poller(2, { failing: { since: ago(62_000), error } }),
        poller(3, { failing: { since: ago(59_999), error } }),
      ],
      now,
    );
    expect(found).toMatchObject({ code: 'pollsFailing', since: ago(62_000) });
    expect(found?.message).toMatch(
      /^Polls of 3 pollers fail with ThrottlingException, ECONNREFUSED\. Check/,
    );
    expect(found?.message).not.toContain('secret');
  });

  it('H: is silent until then', () => {
    expect(pollsFailing([poller(0, { failing: { since: ago(59_999), error } })], now)).toBe(
      undefined,
    );
  });
});
