import { describe, expect, it } from 'vitest';
import type { PollFailure } from '../../../lib/polling/poll-failure.js';
import type { PollHealth } from '../../../lib/polling/poll-health.js';
import { afterFailure, healthyPolls, provenBy } from '../../../lib/polling/poll-health.js';

const error = new Error('down');

/** A poll that was sent at `sentAt` and failed after `openMs`. */
function failed(
  health: PollHealth,
  sentAt: number,
  openMs = 0,
  failure: PollFailure = 'failed',
): PollHealth {
  return afterFailure(health, { error, failure, openMs, failedAt: sentAt + openMs });
}

describe('poll health', () => {
  it('H: polls fail since the first failure in a row, and with the last error', () => {
    const last = new Error('still down');
    const once = failed(healthyPolls, 1_000);
    const twice = afterFailure(once, {
      error: last,
      failure: 'failed',
      openMs: 0,
      failedAt: 2_000,
    });
    expect(twice.failing).toMatchObject({ since: 1_000, error: last });
  });

  it('H: a poll that is open for 5 s has shown that polls are held again', () => {
    const health = failed(healthyPolls, 0, 20);
    expect(provenBy(health, 4_999)).toBe(health);
    expect(provenBy(health, 5_000)).toBe(healthyPolls);
  });

  it('H: a poll that failed after just 5 s must be outlasted by 5 s', () => {
    const health = failed(healthyPolls, 0, 5_000);
    expect(provenBy(health, 9_999)).toBe(health);
    expect(provenBy(health, 10_000)).toBe(healthyPolls);
  });

  it('H: one that fails after that begins a new row', () => {
    const health = failed(failed(healthyPolls, 0), 10_000, 6_000);
    expect(health.failing?.since).toBe(16_000);
  });

  it('H: if polls fail late, the next must last longer than that', () => {
    // No connection within 10 s, for ever: each poll looks held until then.
    let health = healthyPolls;
    for (let at = 0; at < 120_000; at += 30_000) health = failed(health, at, 10_000 + at / 1_000);
    expect(health.failing?.since).toBe(10_000);
    expect(provenBy(health, 15_000).failing).toBeDefined();
    expect(provenBy(health, 15_100).failing).toBeUndefined();
  });

  it('H: after polls without any response, only a response proves anything', () => {
    const health = failed(healthyPolls, 0, 70_000, 'unanswered');
    expect(provenBy(health, 69_999).failing?.since).toBe(70_000);
    expect(provenBy(health, 3_600_000).failing?.since).toBe(70_000);
    expect(failed(health, 70_000, 70_000, 'unanswered').failing?.since).toBe(70_000);
  });

  it('P4: a poll that was cut does not count, and was held before', () => {
    expect(failed(healthyPolls, 0, 59_000, 'cut')).toBe(healthyPolls);
    expect(failed(failed(healthyPolls, 0), 30_000, 59_000, 'cut')).toBe(healthyPolls);
    const unanswered = failed(healthyPolls, 0, 70_000, 'unanswered');
    expect(failed(unanswered, 70_000, 59_000, 'cut')).toBe(unanswered);
  });
});
