import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';
import { connectLimitMs } from './late-call.js';
import type { SqlCheckout, SqlConnection } from './sql-calls.js';

/** A place in the pool's queue for a connection. */
export interface Place {
  connection: Promise<SqlConnection>;
  /** Nobody waits for the connection any longer: the next call may, else it goes back to the pool. */
  leave(): void;
}

/**
 * Places in a pool's queue. A pool serves those first who have waited longest, and knows nobody who
 * gives up. If each late call left its place and the next one went to the end of the queue, a pool
 * that is busy for longer than a call may take would never serve any, and the queue would grow.
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
