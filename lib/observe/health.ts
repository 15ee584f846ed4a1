import { errorName } from '../sfn/errors.js';
import type { Events, StepFuncSourceState } from './events.js';
import type { PollerSet } from '../polling/poller-set.js';

/** Whether a source does what it is there for, for a readiness or liveness probe. */
export interface Health {
  ok: boolean;
  /** Empty where all is well. */
  problems: HealthProblem[];
}

/** One thing that is wrong. */
export interface HealthProblem {
  /**
   * - `notRunning`: the source is not running
   * - `pollsOverdue`: no poll has come back for 90 s, though a slot was free
   * - `pollsFailing`: every poll has failed for 60 s
   * - `reportsStuck`: a report has not got through for 60 s
   * - `lockStoreUnreachable`: every call to the lock store has failed for as long as a lease lives
   */
  code: 'notRunning' | 'pollsOverdue' | 'pollsFailing' | 'reportsStuck' | 'lockStoreUnreachable';
  /** Milliseconds since 1970. */
  since: number;
  /** What is wrong, and what to do. */
  message: string;
}

/** A poll lasts 70 s at most (P1), so that a poller from which nothing has come for longer is stuck. */
const OVERDUE_MS = 90_000;
const FAILING_MS = 60_000;

export interface HealthChecks {
  check(pollers: PollerSet | undefined, lockTtlMs: number): Health;
}

/** Watches for what can't be seen at the moment of the asking. */
export function watchHealth(events: Events): HealthChecks {
  let state: StepFuncSourceState = 'stopped';
  let stateSince = performance.now();
  /** Tasks whose report has failed, by when it did first. */
  const stuck = new Map<string, number>();

  events.on('stateChanged', ({ to }) => {
    state = to;
    stateSince = performance.now();
  });
  events.on('reportFailed', ({ task }) => {
    if (!stuck.has(task)) stuck.set(task, performance.now());
  });
  const unstick = ({ task }: { task: string }) => void stuck.delete(task);
  events.on('taskSucceeded', unstick);
  events.on('taskFailed', unstick);
  events.on('taskLost', unstick);

  return {
    check(pollers, lockTtlMs) {
      const problems = [
        state === 'running' ? undefined : notRunning(state, stateSince),
        pollers && pollsOverdue(pollers),
        pollers && pollsFailing(pollers),
        reportsStuck([...stuck.values()]),
        pollers && lockStoreUnreachable(pollers, lockTtlMs),
      ].filter((problem) => problem !== undefined);
      return { ok: problems.length === 0, problems };
    },
  };
}

function notRunning(state: StepFuncSourceState, since: number): HealthProblem {
  return problem('notRunning', since, `The source is ${state}. Call start(), or wait for it.`);
}

function pollsOverdue(pollers: PollerSet): HealthProblem | undefined {
  const quiet = pollers
    .pollHealth()
    .flatMap(({ poller, lastAnswerAt: quietSince }) =>
      isOver(quietSince, OVERDUE_MS) ? [{ poller, quietSince }] : [],
    );
  return earliest(
    'pollsOverdue',
    quiet.map(({ quietSince }) => quietSince),
    `No poll of ${pollersText(quiet)} has come back for ${OVERDUE_MS / 1_000} s, though a slot is free. The process may be starved of CPU, or its client stuck: restart it.`,
  );
}

function pollsFailing(pollers: PollerSet): HealthProblem | undefined {
  const bad = pollers
    .pollHealth()
    .flatMap(({ poller, failing }) =>
      failing !== undefined && isOver(failing.since, FAILING_MS) ? [{ poller, ...failing }] : [],
    );
  const names = [...new Set(bad.map(({ error }) => errorName(error)))].join(', ');
  return earliest(
    'pollsFailing',
    bad.map(({ since }) => since),
    `Polls of ${pollersText(bad)} fail with ${names}. Check the network, the credentials, the permission states:GetActivityTask and the activity.`,
  );
}

function reportsStuck(since: number[]): HealthProblem | undefined {
  const late = since.filter((at) => isOver(at, FAILING_MS));
  return earliest(
    'reportsStuck',
    late,
    `The reports of ${late.length} tasks do not get through and hold their slots; they are sent again and again. Check the permissions states:SendTaskSuccess and states:SendTaskFailure, and the events reportFailed.`,
  );
}

function lockStoreUnreachable(pollers: PollerSet, ttlMs: number): HealthProblem | undefined {
  const failing = pollers.lockStoreFailing();
  if (failing === undefined || !isOver(failing.since, ttlMs)) return undefined;
  return problem(
    'lockStoreUnreachable',
    failing.since,
    `Calls to the lock store fail with ${errorName(failing.error)}; without it no poller is held. Check the store and the connection to it.`,
  );
}

function isOver(since: number | undefined, ms: number): since is number {
  return since !== undefined && performance.now() - since >= ms;
}

function pollersText(pollers: readonly { poller: number }[]): string {
  const [first] = pollers;
  return pollers.length === 1 ? `poller ${first?.poller}` : `${pollers.length} pollers`;
}

function earliest(
  which: HealthProblem['code'],
  since: readonly number[],
  message: string,
): HealthProblem | undefined {
  return since.length === 0 ? undefined : problem(which, Math.min(...since), message);
}

function problem(which: HealthProblem['code'], since: number, message: string): HealthProblem {
  const wallClock = Math.round(Date.now() - (performance.now() - since));
  return { code: which, since: wallClock, message };
}
