import type { Clock } from '../async/clock.js';
import type { Events, StepFuncSourceState } from './events.js';
import { watchLeases } from './health-leases.js';
import { pollerStuck, pollsFailing, pollsOverdue } from './health-polls.js';
import { watchTasks } from './health-tasks.js';
import type { Failing, NumberedVitals } from './vitals.js';

/** A source's health, for a readiness or liveness probe. */
export interface Health {
  /** Whether there is no problem. */
  ok: boolean;
  /** Empty if all is well. */
  problems: HealthProblem[];
}

/** One problem of a source. */
export interface HealthProblem {
  /** Which problem it is: see {@link HealthCode}. */
  code: HealthCode;
  /**
   * `liveness`: a restart of the process mends it. `readiness`: the cause lies outside the process. A
   * restart would not mend it, and would lose the results that wait to be reported.
   */
  probe: HealthProbe;
  /** When it began, in milliseconds since 1970. */
  since: number;
  /** What is wrong, and what to do. */
  message: string;
}

/** The probe that a problem belongs to. */
export type HealthProbe = 'liveness' | 'readiness';

/**
 * The problems that a source finds.
 *
 * - `pollsOverdue`: A poll has been open for more than 90 s. Or a slot was free for as long, without a
 *   poll and without a reason to wait. Two checks, at least 5 s apart, have found the same.
 * - `pollerStuck`: A lease was lost. Its poller has not ended though it has no poll and no task left.
 *   Two checks, at least 5 s apart, have found the same.
 * - `notRunning`: The source is not running.
 * - `pollsFailing`: Every poll of a poller has failed for 60 s.
 * - `reportsStuck`: AWS has not taken a report for 60 s.
 * - `lockStoreUnreachable`: Every call to the lock store has failed for `lockTtlMs`.
 * - `leasesUnstable`: The same lease was lost three times within 10 times `lockTtlMs`.
 * - `tasksFailing`: Every task of the last 5 minutes has failed, and there were 10 or more.
 * - `taskOverdue`: A task has run for 60 s more than `invokeTimeoutMs`.
 */
export type HealthCode =
  | 'notRunning'
  | 'pollsOverdue'
  | 'pollerStuck'
  | 'pollsFailing'
  | 'reportsStuck'
  | 'lockStoreUnreachable'
  | 'leasesUnstable'
  | 'tasksFailing'
  | 'taskOverdue';

/**
 * If AWS, a component or the lock store could cause a liveness problem, all instances would restart at
 * once during its outage.
 */
const probes: Record<HealthCode, HealthProbe> = {
  pollsOverdue: 'liveness',
  pollerStuck: 'liveness',
  notRunning: 'readiness',
  pollsFailing: 'readiness',
  reportsStuck: 'readiness',
  lockStoreUnreachable: 'readiness',
  leasesUnstable: 'readiness',
  tasksFailing: 'readiness',
  taskOverdue: 'readiness',
};

/** Every code: a metric has a value for a problem that is over too. */
export const healthCodes = Object.keys(probes) as HealthCode[];

/** A problem on the source's clock. */
export interface Finding {
  code: HealthCode;
  since: number;
  message: string;
}

/** The state of a source at the moment of a check. */
export interface HealthInput {
  /** The pollers; empty while the source is not running. */
  pollers: readonly NumberedVitals[];
  /** With `locks`: when the calls to the lock store began to fail, if all fail. */
  lockStoreFailing: Failing | undefined;
  lockTtlMs: number;
  invokeTimeoutMs: number;
}

export interface HealthChecks {
  check(input: HealthInput): Health;
}

/** Watches the events, for problems that only show over time. */
export function watchHealth(events: Events, clock: Clock): HealthChecks {
  const state = watchState(events, clock);
  const tasks = watchTasks(events, clock);
  const leases = watchLeases(events, clock);
  const overdue = confirming();
  const stuck = confirming();

  return {
    check(input) {
      const now = clock.monotonic();
      const wallNow = clock.wall();
      const problems = [
        state.notRunning(),
        overdue(pollsOverdue(input.pollers, now), now),
        stuck(pollerStuck(input.pollers, now), now),
        pollsFailing(input.pollers, now),
        ...tasks.findings(input.invokeTimeoutMs, now),
        ...leases.findings(input.lockStoreFailing, input.lockTtlMs, now),
      ]
        .filter((finding) => finding !== undefined)
        .map(({ code, since, message }) => ({
          code,
          probe: probes[code],
          since: Math.round(wallNow - (now - since)),
          message,
        }));
      return { ok: problems.length === 0, problems };
    },
  };
}

/** A time limit that is due acts much sooner than this once the event loop turns again. */
const CONFIRMED_MS = 5_000;

/**
 * Lets a finding through only if an earlier check, at least 5 s ago, found the same. A process that
 * was frozen finds every poll overdue at its first check, before a time limit could act. A restart
 * would mend nothing.
 */
function confirming(): (found: Finding | undefined, now: number) => Finding | undefined {
  let first: { since: number; foundAt: number } | undefined;
  return (found, now) => {
    if (found?.since !== first?.since) {
      first = found && { since: found.since, foundAt: now };
    }
    return first !== undefined && now - first.foundAt >= CONFIRMED_MS ? found : undefined;
  };
}

function watchState(events: Events, clock: Clock): { notRunning(): Finding | undefined } {
  let state: StepFuncSourceState = 'stopped';
  let since = clock.monotonic();
  events.on('stateChanged', ({ to }) => {
    state = to;
    since = clock.monotonic();
  });
  return {
    notRunning: () =>
      state === 'running'
        ? undefined
        : {
            code: 'notRunning',
            since,
            message: `The source is ${state}. Call start(), or wait for it.`,
          },
  };
}
