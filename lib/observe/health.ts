import type { Clock } from '../async/clock.js';
import type { Events, StepFuncSourceState } from './events.js';
import { watchLeases } from './health-leases.js';
import { pollerStuck, pollsFailing, pollsOverdue } from './health-polls.js';
import { watchTasks } from './health-tasks.js';
import type { Failing, NumberedVitals } from './vitals.js';

/** Whether a source does what it is there for, for a readiness or liveness probe. */
export interface Health {
  ok: boolean;
  /** Empty if all is well. */
  problems: HealthProblem[];
}

/** One thing that is wrong. */
export interface HealthProblem {
  /** What is wrong: see {@link HealthCode}. */
  code: HealthCode;
  /**
   * `liveness`: a restart of the process mends it. `readiness`: the cause lies outside the process; a
   * restart would mend nothing, and would cost the results that wait to be reported.
   */
  probe: HealthProbe;
  /** Milliseconds since 1970. */
  since: number;
  /** What is wrong, and what to do. */
  message: string;
}

/** The probe that a problem belongs to. */
export type HealthProbe = 'liveness' | 'readiness';

/**
 * What may be wrong:
 *
 * - `pollsOverdue`: a poll has been open for more than 90 s, or a slot has been free for as long with
 *   neither a poll nor a reason to wait
 * - `pollerStuck`: a lease was lost, and its poller has not ended though it has nothing left to do
 * - `notRunning`: the source is not running
 * - `pollsFailing`: every poll of a poller has failed for 60 s
 * - `reportsStuck`: a report has not got through for 60 s
 * - `lockStoreUnreachable`: every call to the lock store has failed for `lockTtlMs`
 * - `leasesUnstable`: the same lease was lost three times within 10 times `lockTtlMs`
 * - `tasksFailing`: every task of the last 5 minutes has failed, 10 of them at least
 * - `taskOverdue`: a task has run for 60 s more than `invokeTimeoutMs`
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

/** A liveness problem must never come from the trouble of AWS, of a component or of the lock store. */
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

/** Every code, for those who tell of a problem that is over as well. */
export const healthCodes = Object.keys(probes) as HealthCode[];

/** A problem on the source's clock. */
export interface Finding {
  code: HealthCode;
  since: number;
  message: string;
}

/** What can be told of a source at the moment of the asking. */
export interface HealthInput {
  /** The pollers; empty while the source is not running. */
  pollers: readonly NumberedVitals[];
  /** With `locks`: since when every call to the lock store has failed. */
  lockStoreFailing: Failing | undefined;
  lockTtlMs: number;
  invokeTimeoutMs: number;
}

export interface HealthChecks {
  check(input: HealthInput): Health;
}

/** Watches for what can't be seen at the moment of the asking. */
export function watchHealth(events: Events, clock: Clock): HealthChecks {
  const state = watchState(events, clock);
  const tasks = watchTasks(events, clock);
  const leases = watchLeases(events, clock);

  return {
    check(input) {
      const now = clock.monotonic();
      const wallNow = clock.wall();
      const problems = [
        state.notRunning(),
        pollsOverdue(input.pollers, now),
        pollerStuck(input.pollers, now),
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
