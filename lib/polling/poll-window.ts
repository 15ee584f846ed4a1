/**
 * How many polls a poller keeps open, its window, out of its slots. Each slot holds an open poll or
 * a task, or is free. Values are never changed; each transition returns a new one.
 */
export interface PollWindow {
  /** The poller's slots: open polls and tasks together never exceed them. */
  readonly concurrency: number;
  /** How many polls to keep open while slots are free: 1 when idle, more under a backlog. */
  readonly width: number;
  /** Polls that were sent and have not come back. */
  readonly openPolls: number;
  /** Tasks that were received and are not yet reported. */
  readonly tasks: number;
  /** When a slot last became free, or the slots were changed: polls are due from then on. */
  readonly freedAt: number;
}

/** How a poll came back. `cut`: closed by a balancer while it was quiet, which counts as empty. */
export type PollReturn = 'task' | 'empty' | 'cut' | 'failed' | 'notSent';

export function openWindow(concurrency: number, now: number): PollWindow {
  return { concurrency, width: 1, openPolls: 0, tasks: 0, freedAt: now };
}

/** How many polls may be sent now. */
export function pollsWanted({ concurrency, width, openPolls, tasks }: PollWindow): number {
  return Math.max(0, Math.min(width, concurrency - tasks) - openPolls);
}

export function hasFreeSlot({ concurrency, tasks }: PollWindow): boolean {
  return tasks < concurrency;
}

export function isEmpty({ openPolls, tasks }: PollWindow): boolean {
  return openPolls + tasks === 0;
}

export function pollSent(window: PollWindow): PollWindow {
  return { ...window, openPolls: window.openPolls + 1 };
}

/**
 * A poll came back. In one step its slot becomes the task's, or free, so that no slot counts twice.
 *
 * A task widens the window by one, so that a backlog doubles the open polls with every round trip.
 * An empty response narrows it by one. A failure narrows it to one: one poll is enough to find out
 * when the trouble is over.
 */
export function pollReturned(window: PollWindow, how: PollReturn, now: number): PollWindow {
  const { concurrency, width, tasks, freedAt } = window;
  const openPolls = window.openPolls - 1;
  switch (how) {
    case 'task':
      return { concurrency, width: widened(window), openPolls, tasks: tasks + 1, freedAt };
    case 'empty':
    case 'cut':
      return { concurrency, width: Math.max(width - 1, 1), openPolls, tasks, freedAt: now };
    case 'failed':
      return { concurrency, width: 1, openPolls, tasks, freedAt: now };
    case 'notSent':
      return { concurrency, width, openPolls, tasks, freedAt: now };
  }
}

/** At least 1, even if all slots were taken away: they may be given back later. */
function widened({ width, concurrency }: PollWindow): number {
  return Math.max(1, Math.min(width + 1, concurrency));
}

export function taskEnded(window: PollWindow, now: number): PollWindow {
  return { ...window, tasks: window.tasks - 1, freedAt: now };
}

/**
 * If more slots are in use than are left, open polls come back and tasks end before a new poll is
 * sent.
 */
export function resized(window: PollWindow, concurrency: number, now: number): PollWindow {
  return { ...window, concurrency, freedAt: now };
}
