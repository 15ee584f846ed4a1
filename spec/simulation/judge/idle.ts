import type { PollerStatus } from '../../../lib/index.js';
import type { Instance, World } from '../world/instance.js';

/** Trouble that is past for so long keeps no poll back any more. Back-off counts by its events. */
const SETTLED_MS = 10_000;
/** An empty response is followed by a wait of a second at most. */
const IDLE_MS = 5_000;
/** So long is waited before the next attempt at most. */
const LONGEST_RETRY_MS = 6_000;
/** An attempt that is open for so much longer than a refusal takes has got its connection. */
const CONNECTED_MS = 2_000;

/**
 * A poller that has a free slot polls, unless it has a reason to wait. The component is a reason
 * with `onComponentDown: 'wait'`, while no connection to it can be made.
 */
export function createIdleJudge(instance: Instance, { line, store, pollTrouble }: World) {
  const { machine, source } = instance;
  /** By task id. */
  const pollerOf = new Map<string, number>();
  /** By task id: until when the task may keep its poller from polling. */
  const waiting = new Map<string, number>();
  /** By poller: until when it waits after a failure, as its events say. */
  const backOff = new Map<number, number>();
  const idleSince = new Map<number, number>();

  function isWaiting(poller: number): boolean {
    return [...waiting].some(
      ([task, until]) => pollerOf.get(task) === poller && machine.now() < until,
    );
  }

  /** Whether it has a free slot, no open poll, and no reason to wait. */
  function mayPoll({ poller, concurrency, openPolls, tasks, lease }: PollerStatus, now: number) {
    return (
      openPolls === 0 &&
      tasks < concurrency &&
      source.state === 'running' &&
      lease?.lost !== true &&
      !instance.slots.isTakenAway(poller) &&
      !isWaiting(poller) &&
      now >= (backOff.get(poller) ?? 0) &&
      pollTrouble.isPast(now, SETTLED_MS)
    );
  }

  return {
    taskReceived: (task: string, poller: number) => void pollerOf.set(task, poller),
    /** An invoke begins: for a task that has waited, that is another attempt. */
    invoking(task: string): void {
      if (waiting.has(task)) waiting.set(task, machine.now() + CONNECTED_MS);
    },
    /** An invoke got no connection. */
    refused(task: string): void {
      if (instance.config.onComponentDown !== 'wait') return;
      waiting.set(task, machine.now() + LONGEST_RETRY_MS);
    },
    /** An invoke has ended in any other way. */
    invoked: (task: string) => void waiting.delete(task),
    taskEnded(task: string): void {
      waiting.delete(task);
      pollerOf.delete(task);
    },
    pollFailed(poller: number, retryInMs: number): void {
      backOff.set(poller, machine.now() + retryInMs);
    },
    /** To be called every few seconds. `among`: how many instances have shared the pollers. */
    check(among: number, now: number): void {
      const { pollers } = source.status();
      const idle = pollers.filter((its) => mayPoll(its, now));
      // L10: one at a time is handed over. It polls no more, and nothing shows which that is.
      const isHandedOver =
        idle.length === 1 &&
        store?.traits.hasMembers === true &&
        pollers.length > Math.floor(instance.pollers() / among);
      const known = new Map(idleSince);
      idleSince.clear();
      if (isHandedOver) return;
      for (const { poller, concurrency, tasks } of idle) {
        const since = known.get(poller) ?? now;
        idleSince.set(poller, since);
        if (now - since < IDLE_MS) continue;
        line.broken(
          'C3: free slots poll',
          `${machine.name}: poller ${poller} has ${tasks} tasks in ${concurrency} slots, and no poll for ${now - since} ms`,
        );
      }
    },
  };
}
