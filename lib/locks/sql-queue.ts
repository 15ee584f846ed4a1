import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';
import { connectLimitMs } from './late-call.js';
import type { SqlCheckout, SqlConnection } from './sql-calls.js';

/** A place in the pool's queue for a connection. */
export interface Place {
  connection: Promise<SqlConnection>;
  /** The call no longer waits. The next call gets the connection; if there is none, the pool does. */
  leave(): void;
}

/**
 * Places in a pool's queue. A pool serves the longest wait first, and no wait can be taken back. A
 * late call therefore leaves its place to the next call. If the next call went to the end of the
 * queue, a busy pool would never serve one in time, and the queue would grow.
 */
export function createSqlQueue(checkOut: () => SqlCheckout): (ttlMs: number) => Place {
  const left = new Set<Place>();

  function enqueue(ttlMs: number): Place {
    const { connection, end } = checkOut();
    const cancel = startTimer(connectLimitMs(ttlMs), end, systemClock, true);
    const place: Place = { connection, leave: () => void left.add(place) };
    connection.then(
      (arrived) => {
        cancel();
        // Nothing is wrong with it.
        if (left.delete(place)) arrived.release();
      },
      () => {
        cancel();
        left.delete(place);
      },
    );
    return place;
  }

  return (ttlMs) => {
    const [longest] = left;
    if (longest === undefined) return enqueue(ttlMs);
    left.delete(longest);
    return longest;
  };
}
