import type { Instance, World } from '../world/instance.js';

/** Trouble that is past for so long keeps no poll back any more: the longest back-off is 30 s. */
const SETTLED_MS = 45_000;
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
    /** To be called every few seconds. `among`: how many instances share the pollers. */
    check(among: number, now: number): void {
      const { pollers } = source.status();
      // L10: one that is handed over polls no more, and nothing shows which that is.
      const mayHandOver =
        store?.traits.hasMembers === true &&
        pollers.length > Math.floor(instance.pollers() / among);
      for (const { poller, concurrency, openPolls, tasks, lease } of pollers) {
        const mayPoll =
          openPolls === 0 &&
          tasks < concurrency &&
          source.state === 'running' &&
          lease?.lost !== true &&
          !mayHandOver &&
          !instance.slots.isTakenAway(poller) &&
          !isWaiting(poller) &&
          now >= (backOff.get(poller) ?? 0) &&
          pollTrouble.isPast(now, SETTLED_MS);
        if (!mayPoll || !idleSince.has(poller)) idleSince.set(poller, now);
        const idleMs = now - (idleSince.get(poller) ?? now);
        if (idleMs < IDLE_MS) continue;
        line.broken(
          'C3: free slots poll',
          `${machine.name}: poller ${poller} has ${tasks} tasks in ${concurrency} slots, and no poll for ${idleMs} ms`,
        );
      }
    },
  };
}
