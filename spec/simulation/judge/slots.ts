import type { PollerStatus } from '../../../lib/index.js';
import type { Instance, World } from '../world/instance.js';
import { POLLERS } from './pollers.js';

/** After a failure: polls that were sent before it have come back by then. */
const FORGOTTEN_MS = 80_000;

/** One poll as the client sees it: from the sending to the response. */
export interface SentPoll {
  sentAt: number;
  /** The poller that has sent it; undefined if the status does not show it. */
  poller: number | undefined;
}

/**
 * C1, C2 and L, from outside: what the clients see of each poller's slots.
 *
 * What the contract allows to bend, and nothing else:
 * - After a resize, what ran before may go on: slots are counted against the larger size. What a
 *   poller that was taken away still has open is counted beside a new poller of its index.
 * - After a store has forgotten its leases (a failover, a leap of its clock), polls are sent under
 *   leases that it does not know, for one ttl.
 * - L5: what is open when a lease is lost comes to its end, beside whoever holds it next.
 * - L2: a machine whose wall clock was set back, and that is suspended then, can not see that. For one
 *   ttl of its own time it may poll under a lease that has ended.
 */
export function createSlotsJudge(
  instance: Instance,
  { store, line, onPollSent, universe, trouble }: World,
) {
  const { machine, source } = instance;
  const polls = new Set<SentPoll>();
  /** Tokens that were delivered and are not settled, by the poller that they belong to. */
  const tasks = new Map<string, number>();
  /** The most slots that each poller has had since it was last within its size. */
  const most = new Map<number, number>();
  /** By index: how many slots pollers may still use that resizes have taken away. It only shrinks. */
  const draining = new Map<number, number>();
  /** The most slots that there were together before a resize; 0 once what was taken away has ended. */
  let slotsBefore = 0;
  /** While `resize` is at work, some pollers still have the size from before. */
  let isResizing = false;
  /** Pollers under a lease that a resize has taken away. They end, even if they are wanted again. */
  const takenAway = new Set<number>();

  /** By poller: when its last failed poll came back. It has one poll open from then on. */
  const failedAt = new Map<number, number>();

  /** By poller: how many polls it may have open, at most. */
  const widths = new Map<number, number>();
  const widthOf = (poller: number) => widths.get(poller) ?? 1;

  const openOf = (poller: number) => [...polls].filter((poll) => poll.poller === poller).length;
  const tasksOf = (poller: number) =>
    [...tasks.values()].filter((index) => index === poller).length;

  /** A poller that was taken away and given back since, may still be coming to its end: both count. */
  function pollersNow(): PollerStatus[] {
    const byIndex = new Map<number, PollerStatus>();
    for (const its of source.status().pollers) {
      const { concurrency = 0, openPolls = 0, tasks: running = 0 } = byIndex.get(its.poller) ?? {};
      byIndex.set(its.poller, {
        ...its,
        concurrency: its.concurrency + concurrency,
        openPolls: its.openPolls + openPolls,
        tasks: its.tasks + running,
      });
    }
    return [...byIndex.values()];
  }

  function check(): void {
    const pollers = pollersNow();
    checkSizes(pollers);
    checkTotal(pollers);
    for (const { poller, concurrency, openPolls, tasks: running } of pollers) {
      const used = Math.max(openPolls + running, openOf(poller) + tasksOf(poller));
      const limit = Math.max(concurrency + drainingOf(poller), most.get(poller) ?? 0);
      if (!isResizing && used <= Math.min(concurrency, sizeOf(poller))) most.delete(poller);
      if (used <= limit) continue;
      line.broken(
        'C2',
        `${machine.name}: poller ${poller} has ${openOf(poller)} polls and ${tasksOf(poller)} tasks (its status: ${openPolls} and ${running}) in ${concurrency} slots`,
      );
    }
  }

  /** C1: without locks, this instance has all pollers, however they are cut anew. */
  function checkTotal(pollers: readonly PollerStatus[]): void {
    if (store !== undefined) return;
    const { maxConcurrency } = instance.sizes;
    const used = usedOf(pollers);
    // Not while a poller that was cut uses more than its new size: the others have theirs at once.
    const isOver = source
      .status()
      .pollers.every((its) => its.concurrency > 0 && its.openPolls + its.tasks <= its.concurrency);
    if (!isResizing && used <= maxConcurrency && isOver) slotsBefore = 0;
    if (used <= Math.max(maxConcurrency, slotsBefore)) return;
    line.broken('C1: all slots', `${machine.name} uses ${used} slots of ${maxConcurrency}`);
  }

  /** The slots that pollers of this index use, beside a new poller of the same index. */
  function drainingOf(poller: number): number {
    const its = source.status().pollers.filter((status) => status.poller === poller);
    const old = its.filter(({ concurrency }) => concurrency === 0);
    const left = Math.min(usedOf(old), draining.get(poller) ?? 0);
    draining.set(poller, left);
    return its.length > 1 ? left : 0;
  }

  /** C1: the slots of a poller. */
  function sizeOf(poller: number): number {
    const { maxConcurrency, concurrencyPerPoller } = instance.sizes;
    const rest = maxConcurrency - poller * concurrencyPerPoller;
    return Math.max(0, Math.min(concurrencyPerPoller, rest));
  }

  /** C1: each poller has the slots that its place gives it, or fewer while a resize goes on. */
  function checkSizes(pollers: readonly { poller: number; concurrency: number }[]): void {
    for (const { poller, concurrency } of pollers) {
      const largest = Math.max(sizeOf(poller), most.get(poller) ?? 0);
      // One that a resize has taken away keeps its slots until it has ended.
      if (concurrency <= largest || poller >= instance.pollers()) continue;
      line.broken(
        'C1',
        `${machine.name}: poller ${poller} has ${concurrency} slots, not ${largest}`,
      );
    }
  }

  /**
   * The poller whose status has an open poll more than were seen. While an ARN is asked for, there
   * may be several: then it can't be known.
   */
  function attribute(): number | undefined {
    const found = pollersNow().filter(({ poller, openPolls }) => openPolls > openOf(poller));
    const isSure = found.length === 1 && [...polls].every(({ poller }) => poller !== undefined);
    return isSure ? found[0]?.poller : undefined;
  }

  function checkLease(poller: number): void {
    if (store === undefined || machine.now() - store.forgotAt() < instance.ttlMs) return;
    if (machine.monotonic() - instance.setBackAt < instance.ttlMs) return;
    const holder = store.holder(instance.leaseName(poller));
    if (holder?.machine === machine.name) return;
    line.broken(
      'L: polls under leases',
      `${machine.name} polls for poller ${poller}, which ${holder === undefined ? 'no instance' : holder.machine} holds`,
    );
  }

  /** C1: a poller that a resize has taken away ends. */
  function checkIsWanted(poller: number): void {
    if (poller < instance.pollers()) return;
    line.broken(
      'C1: pollers that are taken away end',
      `${machine.name}: poller ${poller} polls, of ${instance.pollers()}`,
    );
  }

  /** Whether a poller of this index, which a resize has taken away, is there still. */
  function isEnding(poller: number): boolean {
    return source.status().pollers.some((its) => its.poller === poller && its.concurrency === 0);
  }

  /** Whether a resize has taken this poller away. */
  function isTakenAway(poller: number): boolean {
    return poller >= instance.pollers() || takenAway.has(poller) || isEnding(poller);
  }

  /** C3: a poll that brings a task adds one more, up to the free slots. */
  function checkWidened(poller: number, before: number): void {
    const now = machine.now();
    const its = pollersNow().find((each) => each.poller === poller);
    const excused =
      !machine.alive ||
      source.state !== 'running' ||
      its?.lease?.lost === true ||
      isTakenAway(poller) ||
      // L10: a poller that is handed over takes no more tasks, and nothing shows which that is.
      store?.traits.hasMembers === true ||
      !trouble.isPast(now, instance.ttlMs) ||
      now - (failedAt.get(poller) ?? -Infinity) < FORGOTTEN_MS;
    if (excused || its === undefined) return;
    const wanted = Math.min(before + 1, its.concurrency - its.tasks);
    if (its.openPolls >= wanted) return;
    line.broken(
      'C3: a task is followed by more polls',
      `${machine.name}: poller ${poller} has ${its.openPolls} polls, not ${wanted}`,
    );
  }

  /**
   * C3: a poll that brings a task adds one, one that does not removes one. What no poller is known to
   * have read, may be any one's.
   */
  function returned(poller: number | undefined, isTask: boolean): void {
    if (poller !== undefined) {
      const width = widthOf(poller) + (isTask ? 1 : -1);
      const largest = Math.max(sizeOf(poller), most.get(poller) ?? 0);
      widths.set(poller, Math.max(1, Math.min(width, largest)));
    } else if (isTask) {
      for (let any = 0; any < POLLERS; any += 1) returned(any, true);
    }
  }

  function checkWidth(poller: number): void {
    // The polls of one that a resize has taken away count beside those of a new one of its index.
    if (openOf(poller) <= widthOf(poller) || isTakenAway(poller)) return;
    line.broken(
      'C3: as many polls as tasks have shown',
      `${machine.name}: poller ${poller} has ${openOf(poller)} polls, not ${widthOf(poller)}`,
    );
  }

  return {
    /** C1: pollers that have not the slots that they should have, once nothing is under way. */
    missing(): string[] {
      const pollers = source.status().pollers.filter(({ concurrency }) => concurrency > 0);
      const wrong = pollers
        .filter(({ poller, concurrency }) => !isTakenAway(poller) && concurrency !== sizeOf(poller))
        .map(({ poller, concurrency }) => `poller ${poller} has ${concurrency} slots`);
      const isShort = store === undefined && pollers.length < instance.pollers();
      return isShort ? [...wrong, `${pollers.length} pollers`] : wrong;
    },
    pollSent(): SentPoll {
      const sent: SentPoll = { sentAt: machine.now(), poller: undefined };
      if (instance.stopCalled) {
        line.broken('S1: no poll after stop', `${machine.name} sends a poll`);
      }
      sent.poller = attribute();
      polls.add(sent);
      if (store !== undefined) onPollSent();
      if (sent.poller !== undefined) {
        checkLease(sent.poller);
        checkIsWanted(sent.poller);
        checkWidth(sent.poller);
      }
      check();
      return sent;
    },
    pollEnded(sent: SentPoll, token?: string): void {
      const { poller } = sent;
      const open = poller === undefined ? 0 : openOf(poller);
      polls.delete(sent);
      returned(poller, token !== undefined);
      if (token === undefined) return;
      tasks.set(token, poller ?? -1);
      if (poller === undefined) return;
      // Once the process has done what the response leads to.
      universe.at(universe.now(), () => checkWidened(poller, open));
    },
    pollFailed: (poller: number) => void failedAt.set(poller, machine.now()),
    /** The event says whose task it is. */
    taskReceived(token: string, poller: number): void {
      if (tasks.has(token)) tasks.set(token, poller);
    },
    taskEnded: (token: string) => void tasks.delete(token),
    /** Before a resize to so many pollers: what is there may stay. */
    resizing(count: number): void {
      const pollers = pollersNow();
      isResizing = true;
      slotsBefore = Math.max(slotsBefore, instance.sizes.maxConcurrency);
      for (const { poller, concurrency, openPolls, tasks: running } of pollers) {
        most.set(poller, Math.max(concurrency, most.get(poller) ?? 0));
        draining.set(poller, openPolls + running);
        if (store !== undefined && poller >= count) takenAway.add(poller);
      }
    },
    resized: () => void (isResizing = false),
    /** The lease of a poller was given back. */
    released: (poller: number) => void takenAway.delete(poller),
    check,
    isTakenAway,
    /** When the poll was sent that has been open for longest. */
    oldestPoll(): number | undefined {
      const [oldest] = polls;
      return oldest?.sentAt;
    },
    openPolls: () => polls.size,
    /** Polls and tasks of a poller. */
    used: (poller: number) => openOf(poller) + tasksOf(poller),
    tasks: () => tasks.size,
    /** Whether a poller has a poll or a task, as far as can be known. */
    isBusy: (poller: number) =>
      openOf(poller) + tasksOf(poller) > 0 || [...polls].some((poll) => poll.poller === undefined),
  };
}

function usedOf(pollers: readonly PollerStatus[]): number {
  return pollers.reduce((total, { openPolls, tasks }) => total + openPolls + tasks, 0);
}
