import type { Instance } from '../world/instance.js';
import type { JitterJudge } from './jitter.js';
import { POLLERS } from './pollers.js';
import type { Timeline } from './violation.js';

/** P1: a poll that failed is followed by a second of quiet. Timers count whole milliseconds. */
const LEAST_BACK_OFF_MS = 1_000 - 2;

/** P4: what fails later was held by AWS. */
const HELD_MS = 10_000;

/** T6: the longest wait before a report is sent again, and a turn or two. */
const LONGEST_RETRY_MS = 15_500;

/**
 * P1, P2, P4, T6: how long is waited after failures, and that it is at random. `jitter` is that of all instances:
 * they fail together.
 */
export function createPaceJudge(instance: Instance, line: Timeline, jitter: JitterJudge) {
  const { machine } = instance;
  /** By poller: no poll before. */
  const notBefore = new Map<number, number>();
  /**
   * By poller: when it last failed, by a poll that came back or by the event. Only the event says
   * whose poll it was that several pollers may have sent.
   */
  const failedAt = new Map<number, number>();
  /** Pollers of which a poll that was sent after the last failure has come back well. */
  const recovered = new Set<number>();
  /** By poller: its latest waits, as its events say. */
  const waits = new Map<number, { from: number; until: number; isSure: boolean }[]>();
  /**
   * When the poll was sent that has just come back, if several pollers may have sent it. The event
   * that follows says whose it was.
   */
  let ofUnknown: number | undefined;
  const reportFailedAt = new Map<string, number>();
  /** When CreateActivity failed. */
  let creationsFailed: number[] = [];

  /** An event says whose poll it is that has just come back. */
  function attributed(poller: number): void {
    const sentAt = ofUnknown ?? -Infinity;
    ofUnknown = undefined;
    const wait = waits
      .get(poller)
      ?.find(({ from, until, isSure }) => isSure && sentAt > from && sentAt < until - 2);
    if (wait === undefined) return;
    line.broken(
      'P1: back-off',
      `${machine.name}: poller ${poller} has polled ${wait.until - sentAt} ms early`,
    );
  }

  /** A poller whose lease is acquired anew, or that a resize makes anew, begins anew. */
  function beginsAnew(poller: number): void {
    notBefore.delete(poller);
    waits.delete(poller);
  }

  return {
    taskReceived: attributed,
    pollSent(poller: number | undefined): void {
      // One that a resize has taken away may wait beside a new one of its index.
      if (poller === undefined || instance.slots.isTakenAway(poller)) return;
      const wait = waits.get(poller)?.at(-1);
      const earliest = Math.max(notBefore.get(poller) ?? 0, wait?.isSure === true ? wait.until : 0);
      if (machine.now() < earliest - 2) {
        line.broken(
          'P1: back-off',
          `${machine.name}: poller ${poller} polls ${earliest - machine.now()} ms early`,
        );
      }
    },
    acquired: beginsAnew,
    /** Before a resize to so many pollers. */
    resizing(count: number): void {
      for (const poller of [...notBefore.keys(), ...waits.keys()]) {
        if (poller >= count) beginsAnew(poller);
      }
    },
    /** `isTask`: an event follows that says whose poll it was. */
    pollAnswered(poller: number | undefined, sentAt: number, isTask: boolean): void {
      ofUnknown = poller === undefined && isTask ? sentAt : undefined;
      if (poller === undefined) return;
      if (sentAt > (failedAt.get(poller) ?? -1)) recovered.add(poller);
    },
    pollBroke(poller: number | undefined, sentAt: number): void {
      ofUnknown = poller === undefined ? sentAt : undefined;
      if (poller === undefined) return;
      const isFirst = sentAt > (failedAt.get(poller) ?? -1);
      failedAt.set(poller, machine.now());
      // P4: polls that were open together share the wait of the first one that failed.
      if (isFirst && machine.now() - sentAt < HELD_MS) notBefore.set(poller, machine.now() + 1_000);
    },
    /** By the event: how long the poller waits. */
    pollFailed(poller: number, retryInMs: number): void {
      attributed(poller);
      const now = machine.now();
      failedAt.set(poller, now);
      const its = waits.get(poller) ?? [];
      // Of polls that fail during a wait, the event says how long that is. A wait counts from the
      // sending (P4): of a poll that was open for longer, nothing is left.
      const isNew = now >= (its.at(-1)?.until ?? 0);
      if (isNew && retryInMs > 0) {
        // A logger that blocks makes the event late.
        const isSure = instance.heldUp.isPast(now, 1);
        waits.set(poller, [...its.slice(-4), { from: now, until: now + retryInMs, isSure }]);
        // Each step of the back-off has its own range: 1 s to 2 s, 2 s to 4 s and so on.
        const step = Math.floor(Math.log2(retryInMs / 1_000));
        jitter.waited(machine.name, `waits after failed polls of step ${step}`, retryInMs);
      }
      if (retryInMs > 30_000) {
        line.broken('P1: back-off', `${machine.name}: poller ${poller} waits ${retryInMs} ms`);
      }
      if (recovered.delete(poller) && retryInMs > 2_000) {
        line.broken(
          'P1: none after a good poll',
          `${machine.name}: poller ${poller} waits ${retryInMs} ms after a good poll`,
        );
      }
    },
    creationFailed: () => void creationsFailed.push(machine.now()),
    /** P2: while it runs, each poller asks for the activity again after the back-off of a poll. */
    creating(): void {
      if (instance.source.state !== 'running') return;
      const since = machine.now() - LEAST_BACK_OFF_MS;
      creationsFailed = creationsFailed.filter((at) => at > since);
      // One whose lease is acquired anew, or that a resize adds, asks at once.
      if (creationsFailed.length <= 2 * POLLERS) return;
      line.broken('P2: back-off', `${machine.name} creates the activity again and again`);
    },
    reportFailed: (token: string) => void reportFailedAt.set(token, machine.now()),
    reportSent(token: string, sends: number): void {
      const since = reportFailedAt.get(token);
      reportFailedAt.delete(token);
      // What follows a refusal at once is another report, not a retry.
      if (since === undefined || machine.now() - since < 1) return;
      // Timers that became due while the process was held up fire together when it goes on.
      if (!instance.heldUp.isPast(machine.now(), machine.now() - since)) return;
      if (machine.now() - since > LONGEST_RETRY_MS) {
        line.broken(
          'T6: back-off',
          `${machine.name}: ${token} is reported again after ${machine.now() - since} ms`,
        );
      }
      if (sends !== 2) return;
      // A timer counts whole milliseconds from where it was set.
      const waitedMs = Math.ceil(machine.now() - since);
      jitter.waited(machine.name, `first retries of reports by ${machine.name}`, waitedMs);
    },
  };
}
