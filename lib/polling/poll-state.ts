import type { PollerVitals } from '../observe/vitals.js';
import type { Pace } from './pace.js';
import { afterEmptyAnswer, afterFailedPoll, afterTask, startingPace } from './pace.js';
import { classifyPollFailure } from './poll-failure.js';
import type { PollHealth } from './poll-health.js';
import { afterFailure, healthyPolls, provenBy } from './poll-health.js';
import type { PollWindow } from './poll-window.js';
import { hasFreeSlot, openWindow, pollReturned } from './poll-window.js';

/** What a poller remembers of its polls. Values are never changed; transitions return new ones. */
export interface PollState {
  /** How many polls to keep open. */
  readonly window: PollWindow;
  /** When the next one may be sent. */
  readonly pace: Pace;
  /** What polls say of Step Functions. */
  readonly health: PollHealth;
}

export interface SentPoll {
  /** The epoch of the {@link Pace} in which the poller decided to send it. */
  readonly epoch: number;
  /** When it was sent. Undefined while it waits for the activity's ARN: nothing is open at AWS then. */
  sentAt: number | undefined;
}

export function startingState(concurrency: number, now: number): PollState {
  return {
    window: openWindow(concurrency, now),
    pace: startingPace,
    health: healthyPolls,
  };
}

/** A poll brought a task. */
export function withTask({ window, pace }: PollState, { epoch }: SentPoll, now: number): PollState {
  return {
    window: pollReturned(window, 'task', now),
    pace: afterTask(pace, epoch),
    health: healthyPolls,
  };
}

/** A poll came back without a task. Or it was not sent: the ARN was asked for, or shutdown began. */
export function withoutTask(
  { window, pace, health }: PollState,
  { epoch, sentAt }: SentPoll,
  now: number,
): PollState {
  if (sentAt === undefined) return { window: pollReturned(window, 'notSent', now), pace, health };
  return {
    window: pollReturned(window, 'empty', now),
    pace: afterEmptyAnswer(pace, epoch, now - sentAt, now),
    health: healthyPolls,
  };
}

/** A poll failed. If it was never sent, its back-off counts from now. */
export function withFailure(
  state: PollState,
  { epoch, sentAt }: SentPoll,
  error: unknown,
  now: number,
  random: number,
): PollState {
  const openMs = now - (sentAt ?? now);
  const failure = classifyPollFailure(error, openMs);
  return {
    window: pollReturned(state.window, failure === 'cut' ? 'cut' : 'failed', now),
    pace: failure === 'cut' ? state.pace : afterFailedPoll(state.pace, epoch, openMs, now, random),
    health: afterFailure(state.health, { error, failure, openMs, failedAt: now }),
  };
}

/** A poll was aborted. */
export function withAbort(state: PollState, now: number): PollState {
  return { ...state, window: pollReturned(state.window, 'failed', now) };
}

/**
 * The vitals of a poller that polls. `polls` are the open ones, in the order of their sending.
 * `isPaused`: something other than the pace keeps it from polling.
 */
export function vitalsOf(
  { window, pace, health }: PollState,
  polls: Iterable<SentPoll>,
  isPaused: boolean,
  now: number,
): PollerVitals {
  const sent = [...polls].filter(({ sentAt }) => sentAt !== undefined);
  // Polls that were sent before the trouble began can't show whether it is over.
  const provingSince = sent.find(({ epoch }) => epoch === pace.epoch)?.sentAt ?? now;
  const isStalled =
    window.openPolls === 0 && hasFreeSlot(window) && !isPaused && now >= pace.resumeAt;
  return {
    openPolls: window.openPolls,
    tasks: window.tasks,
    openSince: sent[0]?.sentAt,
    stalledSince: isStalled ? Math.max(window.freedAt, pace.resumeAt) : undefined,
    failing: provenBy(health, now - provingSince).failing,
  };
}
