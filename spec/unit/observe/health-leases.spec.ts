import { describe, expect, it } from 'vitest';
import { createEvents } from '../../../lib/observe/events.js';
import { watchLeases } from '../../../lib/observe/health-leases.js';
import { createHandClock } from '../../support/hand-clock.js';

const TTL_MS = 30_000;

function setUp() {
  const events = createEvents();
  const clock = createHandClock();
  const watched = watchLeases(events, clock);
  return {
    clock,
    lose: (poller: number) => events.emit('leaseLost', { poller, error: 'LeaseExpired' } as never),
    found: (failing?: { since: number; error: unknown }) =>
      watched
        .findings(failing, TTL_MS, clock.monotonic())
        .filter((finding) => finding !== undefined),
  };
}

describe('leasesUnstable', () => {
  it('H: the same lease lost three times in 10 ttl', () => {
    const { lose, found, clock } = setUp();
    const since = clock.monotonic();
    for (let i = 0; i < 2; i++) {
      lose(3);
      lose(i);
      clock.pass(4 * TTL_MS);
    }
    expect(found()).toEqual([]);
    lose(3);
    expect(found()).toMatchObject([
      {
        code: 'leasesUnstable',
        since,
        message: expect.stringMatching(
          /^The lease of poller 3 was lost 3 times within 10 times lockTtlMs, last with LeaseExpired/,
        ) as unknown,
      },
    ]);
  });

  it('H: is over once it is held for longer again', () => {
    const { lose, found, clock } = setUp();
    for (let i = 0; i < 5; i++) lose(0);
    expect(found()).toHaveLength(1);
    clock.pass(10 * TTL_MS);
    expect(found()).toHaveLength(1);
    clock.pass(1);
    expect(found()).toEqual([]);
  });

  it('H: three losses over more than 10 ttl are chance', () => {
    const { lose, found, clock } = setUp();
    for (let i = 0; i < 9; i++) {
      lose(0);
      clock.pass(5 * TTL_MS + 1);
    }
    expect(found()).toEqual([]);
  });
});

describe('lockStoreUnreachable', () => {
  it('H, L11: names the trouble as the store does', () => {
    const { found, clock } = setUp();
    const error = Object.assign(new Error('NOPERM No permissions to run this command'), {
      name: 'ReplyError',
    });
    const failing = { since: clock.monotonic(), error };
    clock.pass(TTL_MS);
    expect(found(failing)).toMatchObject([
      { message: expect.stringContaining('fail with NOPERM;') as unknown },
    ]);
  });

  it('H: every call to the store has failed for a ttl', () => {
    const { found, clock } = setUp();
    const error = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    const failing = { since: clock.monotonic(), error };
    clock.pass(TTL_MS - 1);
    expect(found(failing)).toEqual([]);
    clock.pass(1);
    expect(found(failing)).toMatchObject([
      {
        code: 'lockStoreUnreachable',
        since: failing.since,
        message: expect.stringContaining('fail with ECONNREFUSED') as unknown,
      },
    ]);
  });
});
