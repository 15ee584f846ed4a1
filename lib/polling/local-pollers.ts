import type { SpawnEffects } from 'abort-controller-x';
import { catchAbortError, forever, spawn } from 'abort-controller-x';
import type { ShutdownSignals, FollowingShutdown } from '../async/shutdown.js';
import { shutdownAfter } from '../async/shutdown.js';
import type { Poller } from './poller.js';
import type { PollerInUse, PollerLimits } from './slots.js';
import { planSlots } from './slots.js';
import type { CreatePoller, PollerSet } from './poller-set.js';

interface Running {
  index: number;
  poller: Poller;
  shutdown: FollowingShutdown;
}

/** Runs all pollers in this process, since without locks no other instance shares them. */
export function runLocalPollers(
  shutdown: ShutdownSignals,
  all: readonly PollerLimits[],
  createPoller: CreatePoller,
): PollerSet {
  const pollers = new Map<number, Running>();
  /** Pollers that were taken away, until their polls and tasks have ended. */
  const draining = new Set<Running>();
  let desired = all.map(({ concurrency }) => concurrency);
  let reconciled: boolean;

  const running = () => [...pollers.values(), ...draining];

  let fork: SpawnEffects['fork'];
  const ended = spawn(shutdown.drain, async (signal, effects) => {
    fork = effects.fork;
    reconcile();
    await forever(signal);
  }).catch(catchAbortError);

  function start(index: number, concurrency: number): void {
    const poller = createPoller(
      { index, concurrency },
      {
        onSlotFreed() {
          if (!reconciled) reconcile();
        },
      },
    );
    const started = { index, poller, shutdown: shutdownAfter(shutdown) };
    pollers.set(index, started);
    fork(async () => {
      await poller.run(started.shutdown);
      started.shutdown.unfollow();
      // At the end of the source the others stay, so that `status` can show them.
      if (draining.delete(started)) reconcile();
    });
  }

  /** Gives the pollers their slots as far as there is room. Call it again when room is made. */
  function reconcile(): void {
    if (shutdown.drain.aborted) return;
    for (const [index, running] of pollers) {
      if (index < desired.length) continue;
      pollers.delete(index);
      draining.add(running);
      running.poller.resize(0);
      running.shutdown.startDrain();
    }
    const planned = planSlots(
      desired,
      desired.map((_, index) => {
        const running = pollers.get(index);
        return running && inUse(running.poller);
      }),
      [...draining].reduce((total, { poller }) => total + inUse(poller).used, 0),
    );
    for (const [index, concurrency] of planned.entries()) {
      const poller = pollers.get(index)?.poller;
      if (poller !== undefined) poller.resize(concurrency);
      else if (concurrency > 0) start(index, concurrency);
    }
    reconciled = planned.every((size, index) => size === desired[index]);
  }

  return {
    resize(to) {
      desired = to.map(({ concurrency }) => concurrency);
      reconcile();
    },
    snapshot: () => running().map(({ index, poller }) => ({ poller: index, ...poller.snapshot() })),
    vitals: () => running().map(({ index, poller }) => ({ poller: index, ...poller.vitals() })),
    lockStoreFailing: () => undefined,
    ended,
  };
}

function inUse(poller: Poller): PollerInUse {
  const { concurrency, openPolls, tasks } = poller.snapshot();
  return { concurrency, used: openPolls + tasks };
}
