import type { Instance, World } from '../world/instance.js';

/** Aborts of calls take a turn or two. */
const AT_ONCE_MS = 500;
/** Timers count whole milliseconds. */
const TIMER_MS = 2;
/** No plan has a longer grace. */
const LONGEST_GRACE_MS = 80_000;

interface Running {
  task: string;
  signal: AbortSignal;
}

/** T4, T8, S2 and L5, from outside: which invokes are aborted, when and why. */
export function createInvokesJudge(instance: Instance, { universe, line }: World) {
  const { machine, config } = instance;
  const running = new Set<Running>();
  /** By task id: its poller, and when its first invoke began. */
  const tasks = new Map<string, { poller: number; begunAt: number | undefined }>();

  /** Whether the reason that the source gives is one. */
  function mayAbort(task: string, code: string | undefined): boolean {
    switch (code) {
      case 'timeout': {
        const { invokeTimeoutMs = 0 } = config;
        return machine.now() - (tasks.get(task)?.begunAt ?? 0) >= invokeTimeoutMs - TIMER_MS;
      }
      case 'stopped':
        return machine.now() >= instance.graceEndsAt - TIMER_MS;
      case 'leaseLost':
        return config.onLeaseLost === 'abort';
      case 'closed':
        return instance.tasks.isClosed(task);
      default:
        return false;
    }
  }

  /** What an open poll still brings is interrupted at once: after the grace, or under a lost lease. */
  function checkMayBegin(poller: number): void {
    const now = machine.now();
    const isLost = instance.source
      .status()
      .pollers.some((its) => its.poller === poller && its.lease?.lost === true);
    const isOver = now >= instance.graceEndsAt + AT_ONCE_MS;
    // A grace begins later if `stop` itself blocks.
    if (isOver && instance.heldUp.isPast(now, LONGEST_GRACE_MS)) {
      line.broken('S2: polls and invokes end with the grace', `${machine.name} begins an invoke`);
    }
    if (isLost && config.onLeaseLost === 'abort') {
      line.broken(
        'L5: abort',
        `${machine.name}: an invoke begins for poller ${poller}, which is lost`,
      );
    }
  }

  return {
    taskReceived(task: string, poller: number): void {
      tasks.set(task, { poller, begunAt: undefined });
    },
    taskEnded: (task: string) => void tasks.delete(task),
    /** An invoke begins. Returns what is to be called when it has ended. */
    begun(task: string, signal: AbortSignal): () => void {
      const its = tasks.get(task);
      if (its !== undefined) its.begunAt ??= machine.now();
      if (its !== undefined && !signal.aborted) checkMayBegin(its.poller);
      const one = { task, signal };
      running.add(one);
      return () => void running.delete(one);
    },
    /** The source aborts an invoke. */
    aborted(task: string, { reason }: AbortSignal): void {
      const { code } = reason as { code?: string };
      if (mayAbort(task, code)) return;
      line.broken('T4: aborted for a reason', `${machine.name}: an invoke as ${String(code)}`);
    },
    /** L5: with `'abort'`, a lost lease ends the invokes of its poller. */
    leaseLost(poller: number): void {
      if (config.onLeaseLost !== 'abort') return;
      const its = [...running].filter(({ task }) => tasks.get(task)?.poller === poller);
      universe.at(machine.now() + AT_ONCE_MS, () => {
        const left = its.filter((one) => running.has(one) && !one.signal.aborted);
        const isExcused = !machine.alive || !instance.heldUp.isPast(universe.now(), AT_ONCE_MS);
        if (left.length === 0 || isExcused) return;
        line.broken(
          'L5: abort',
          `${machine.name}: poller ${poller} is lost, and its invokes go on`,
        );
      });
    },
    /** How many go on, as if nothing had been aborted. */
    unaborted: () => [...running].filter(({ signal }) => !signal.aborted).length,
  };
}
