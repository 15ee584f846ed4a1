import { backOffMs } from './back-off.js';

/**
 * When a poller may poll again. Values are never changed; each transition returns a new one. Times
 * are milliseconds of the source's clock.
 *
 * A poller may have many open polls, and one trouble fails them all. That counts as one failure.
 * Each poll remembers the epoch in which it was sent, and a failure ends the epoch. Only polls of
 * the present epoch count. Those of an earlier epoch share the wait that the failure began.
 */
export interface Pace {
  /** Counts the failures that counted. */
  readonly epoch: number;
  /** Failures in a row; 0 after a successful poll. The back-off grows with them. */
  readonly failures: number;
  /** Milliseconds from the last failure until the next poll. */
  readonly retryInMs: number;
  /** How many empty responses in a row came at once. */
  readonly emptyInRow: number;
  /** No poll is sent before this moment. */
  readonly resumeAt: number;
}

/** An empty response that came sooner was no long poll, which AWS holds for 60 s. */
const AT_ONCE_MS = 1_000;
/**
 * The wait after such a response. AWS answers so for tasks of stopped executions, of which there
 * may be thousands in a row.
 */
const EMPTY_PAUSE_MS = 50;
/**
 * After so many in a row something else is wrong. Without a longer wait, it would cost a poll every
 * 50 ms for ever.
 */
const MANY_EMPTY = 1_000;
const MANY_EMPTY_PAUSE_MS = 1_000;

/**
 * A poll that failed sooner was not held by Step Functions. The next must not follow at once. Without
 * the jitter, polls that failed together would come back together.
 */
const HELD_MS = 10_000;
const LEAST_MS = 1_000;
const LEAST_JITTER_MS = 500;

export const startingPace: Pace = {
  epoch: 0,
  failures: 0,
  retryInMs: 0,
  emptyInRow: 0,
  resumeAt: -Infinity,
};

/** A poll of this epoch brought a task. */
export function afterTask(pace: Pace, epoch: number): Pace {
  return answered(pace, epoch, 0, -Infinity);
}

/** A poll came back empty at `now`, after `openMs`. */
export function afterEmptyAnswer(pace: Pace, epoch: number, openMs: number, now: number): Pace {
  if (openMs >= AT_ONCE_MS) return answered(pace, epoch, 0, -Infinity);
  const emptyInRow = pace.emptyInRow + 1;
  const pauseMs = emptyInRow >= MANY_EMPTY ? MANY_EMPTY_PAUSE_MS : EMPTY_PAUSE_MS;
  return answered(pace, epoch, emptyInRow, now + pauseMs);
}

/**
 * A poll failed at `now`, after `openMs`. The back-off counts from when the poll was sent. If the
 * poll was held, and open for longer than the back-off, the next follows at once. If it was not
 * held, 1 s to 1.5 s pass at least before the next. `random` is a number from 0 to 1.
 */
export function afterFailedPoll(
  pace: Pace,
  epoch: number,
  openMs: number,
  now: number,
  random: number,
): Pace {
  const leastMs = openMs < HELD_MS ? Math.round(LEAST_MS + LEAST_JITTER_MS * random) : 0;
  if (epoch !== pace.epoch) {
    // If the poll that failed first was held, its wait may be none: then this poll begins one.
    const isShared = pace.resumeAt > now && pace.resumeAt >= now - openMs + LEAST_MS;
    if (isShared || leastMs === 0) return pace;
    return { ...pace, retryInMs: leastMs, resumeAt: now + leastMs };
  }
  const failures = pace.failures + 1;
  const backOff = backOffMs(failures, random);
  const countedMs = openMs < AT_ONCE_MS ? 0 : openMs;
  const retryInMs = Math.max(leastMs, Math.round(backOff - countedMs));
  return {
    ...pace,
    epoch: epoch + 1,
    failures,
    retryInMs,
    resumeAt: Math.max(pace.resumeAt, now + retryInMs),
  };
}

/** A successful poll ends the row of failures, unless it was sent before the trouble began. */
function answered(pace: Pace, epoch: number, emptyInRow: number, resumeAt: number): Pace {
  const failures = epoch === pace.epoch ? 0 : pace.failures;
  // Nothing changes: under load this saves an object per task.
  if (failures === pace.failures && emptyInRow === pace.emptyInRow) return pace;
  return { ...pace, failures, emptyInRow, resumeAt: Math.max(pace.resumeAt, resumeAt) };
}
