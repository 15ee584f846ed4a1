import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SqlConnection } from '../../../lib/locks/sql-calls.js';
import { createSqlQueue } from '../../../lib/locks/sql-queue.js';

const ttlMs = 2_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A queue, and what its pool was asked for: each gets a connection, or not, when the spec says so. */
function setUp() {
  const asked: {
    give(connection: SqlConnection): void;
    fail(error: Error): void;
    end: ReturnType<typeof vi.fn>;
  }[] = [];
  const queue = createSqlQueue(() => {
    const end = vi.fn();
    const connection = new Promise<SqlConnection>(
      (give, fail) => void asked.push({ give, fail, end }),
    );
    return { connection, end };
  });
  return { queue, asked };
}

const connection = () =>
  ({ run: vi.fn(), release: vi.fn(), destroy: vi.fn() }) as unknown as SqlConnection & {
    release: ReturnType<typeof vi.fn>;
  };

describe('createSqlQueue', () => {
  it('L11: each call has a place of its own, as long as none has left its place', () => {
    const { queue, asked } = setUp();
    const places = [queue(ttlMs), queue(ttlMs)];
    expect(asked).toHaveLength(2);
    expect(places[0]).not.toBe(places[1]);
  });

  it('L11: the place of a late call goes to the next one, the longest wait first', async () => {
    const { queue, asked } = setUp();
    const [first, second] = [queue(ttlMs), queue(ttlMs)];
    second.leave();
    first.leave();
    expect([queue(ttlMs), queue(ttlMs)]).toEqual([second, first]);
    expect(asked).toHaveLength(2);
    queue(ttlMs);
    expect(asked).toHaveLength(3);
    const arrived = connection();
    asked[0]?.give(arrived);
    // A call has the place again: the connection is for it.
    expect(await first.connection).toBe(arrived);
    expect(arrived.release).not.toHaveBeenCalled();
  });

  it('L11: a connection that no call waits for goes back to the pool', async () => {
    const { queue, asked } = setUp();
    const place = queue(ttlMs);
    place.leave();
    const arrived = connection();
    asked[0]?.give(arrived);
    await place.connection;
    expect(arrived.release).toHaveBeenCalledOnce();
    queue(ttlMs);
    expect(asked).toHaveLength(2);
  });

  it('L11: a place that ended in an error is not handed on', async () => {
    const { queue, asked } = setUp();
    const place = queue(ttlMs);
    place.leave();
    asked[0]?.fail(new Error('refused'));
    await expect(place.connection).rejects.toThrow('refused');
    queue(ttlMs);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['is still being made', 1],
    ['has come', 0],
    ['was refused', 0],
  ])('L11: after its time, a connection that %s is ended %d times', async (state, times) => {
    const { queue, asked } = setUp();
    const place = queue(ttlMs);
    place.connection.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(ttlMs - 1);
    if (state === 'has come') asked[0]?.give(connection());
    if (state === 'was refused') asked[0]?.fail(new Error('refused'));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked[0]?.end).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(asked[0]?.end).toHaveBeenCalledTimes(times);
    expect(vi.getTimerCount()).toBe(0);
  });
});
