import type { Instance } from '../world/instance.js';
import type { Timeline } from './violation.js';

/** Waits that are equal so often in a row were not at random. */
const EQUAL_WAITS = 4;

/** P1: how long is waited after failures, and that it is at random. */
export function createPaceJudge(instance: Instance, line: Timeline) {
  const { machine } = instance;
  /** By poller: no poll before. */
  const notBefore = new Map<number, number>();
  /**
   * By poller: when it last failed, by a poll that came back or by the event. Only the event tells
   * whose poll it was that several pollers may have sent.
   */
  const failedAt = new Map<number, number>();
  /** Pollers of which a poll that was sent after the last failure has come back well. */
  const recovered = new Set<number>();
  const firstWaits: number[] = [];
  const retries: number[] = [];
  const reportFailedAt = new Map<string, number>();

  function checkJitter(waits: number[], what: string): void {
    const last = waits.slice(-EQUAL_WAITS);
    if (last.length < EQUAL_WAITS || new Set(last).size > 1) return;
    line.broken('jitter', `${machine.name}: ${EQUAL_WAITS} ${what} in a row waited ${last[0]} ms`);
  }

  return {
    pollSent(poller: number | undefined): void {
      if (poller === undefined) return;
      const earliest = notBefore.get(poller) ?? 0;
      if (machine.now() < earliest - 2) {
        line.broken(
          'P1: back-off',
          `${machine.name}: poller ${poller} polls ${earliest - machine.now()} ms early`,
        );
      }
    },
    /** A poller whose lease is acquired anew begins anew. */
    acquired: (poller: number) => void notBefore.delete(poller),
    pollAnswered(poller: number | undefined, sentAt: number): void {
      if (poller === undefined) return;
      if (sentAt > (failedAt.get(poller) ?? -1)) recovered.add(poller);
    },
    pollBroke(poller: number | undefined, sentAt: number): void {
      if (poller === undefined) return;
      failedAt.set(poller, machine.now());
      // A failure at once is the only one of which everybody agrees what is to be waited.
      if (machine.now() - sentAt < 500) notBefore.set(poller, sentAt + 1_000);
    },
    /** By the event: how long the poller waits. */
    pollFailed(poller: number, retryInMs: number): void {
      failedAt.set(poller, machine.now());
      if (retryInMs > 30_000) {
        line.broken('P1: back-off', `${machine.name}: poller ${poller} waits ${retryInMs} ms`);
      }
      if (recovered.delete(poller)) {
        if (retryInMs > 2_000) {
          line.broken(
            'P1: none after a good poll',
            `${machine.name}: poller ${poller} waits ${retryInMs} ms after a good poll`,
          );
        }
        // A wait counts from the sending (P4): of a poll that was open for longer, nothing is left.
        if (retryInMs > 0) firstWaits.push(retryInMs);
        checkJitter(firstWaits, 'first failures of polls');
      }
    },
    reportFailed: (token: string) => void reportFailedAt.set(token, machine.now()),
    reportSent(token: string, sends: number): void {
      const since = reportFailedAt.get(token);
      reportFailedAt.delete(token);
      // What follows a refusal at once is another report, not a retry.
      if (since === undefined || sends !== 2 || machine.now() - since < 1) return;
      // A timer counts whole milliseconds from where it was set.
      retries.push(Math.ceil(machine.now() - since));
      checkJitter(retries, 'first retries of reports');
    },
  };
}
