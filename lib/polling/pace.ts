import { backOffMs } from './back-off.js';

/**
 * When a poller may poll again. Values are never changed; each transition returns a new one. Moments
 * are of the source's clock, in milliseconds.
 *
 * A poller may have many polls open at a time, and one trouble meets them all. It is one failure, not
 * many: each poll remembers the epoch in which it was sent, a failure ends the epoch, and only polls
 * of the present epoch have something new to say.
 */
export interface Pace {
  /** Counts the failures that had something new to say. */
  readonly epoch: number;
  /** Failures in a row, 0 after a good poll: the back-off grows with them. */
  readonly failures: number;
  /** Milliseconds from the last failure until the next poll. */
  readonly retryInMs: number;
  /** Answers in a row that came back empty at once. */
  readonly emptyInRow: number;
  /** No poll is sent before this moment. */
  readonly resumeAt: number;
}

/** An empty answer that came sooner than this was no long poll, which AWS holds for 60 s. */
const AT_ONCE_MS = 1_000;
/** After such an answer. Tasks of executions that were stopped are answered so, in rows of thousands. */
const EMPTY_PAUSE_MS = 50;
/** From this many in a row on, something else is wrong, and must not cost a poll every 50 ms for ever. */
const MANY_EMPTY = 1_000;
const MANY_EMPTY_PAUSE_MS = 1_000;

/** A poll that failed sooner was not held by Step Functions, and another must not follow at once. */
const HELD_MS = 10_000;
const LEAST_MS = 1_000;

export const startingPace: Pace = {
  epoch: 0,
  failures: 0,
  retryInMs: 0,
  emptyInRow: 0,
  resumeAt: -Infinity,
};

/** A poll that was sent in `epoch` brought a task. */
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
 * A poll failed at `now`, after `openMs`. The back-off counts from the sending of the poll, so that one
 * which was held and open for longer is followed by another at once. One that was not held is followed
 * by a second of quiet at least, and one that failed at once by all of its back-off. `random` is a
 * number from 0 to 1.
 */
export function afterFailedPoll(
  pace: Pace,
  epoch: number,
  openMs: number,
  now: number,
  random: number,
): Pace {
  if (epoch !== pace.epoch) return pace;
  const failures = pace.failures + 1;
  const backOff = backOffMs(failures, random);
  const countedMs = openMs < AT_ONCE_MS ? 0 : openMs;
  const leastMs = openMs < HELD_MS ? LEAST_MS : 0;
  const retryInMs = Math.max(leastMs, Math.round(backOff - countedMs));
  return {
    ...pace,
    epoch: epoch + 1,
    failures,
    retryInMs,
    resumeAt: Math.max(pace.resumeAt, now + retryInMs),
  };
}

/** A good answer ends the row of failures, unless its poll was sent before the trouble began. */
function answered(pace: Pace, epoch: number, emptyInRow: number, resumeAt: number): Pace {
  const failures = epoch === pace.epoch ? 0 : pace.failures;
  // Under load, with one task after the other, there is nothing to change.
  if (failures === pace.failures && emptyInRow === pace.emptyInRow && resumeAt <= pace.resumeAt) {
    return pace;
  }
  return { ...pace, failures, emptyInRow, resumeAt: Math.max(pace.resumeAt, resumeAt) };
}
