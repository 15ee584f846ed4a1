import type { Clock } from '../async/clock.js';
import { errorMessage } from '../sfn/error-message.js';
import type { ShutdownSignals, ShutdownController } from '../async/shutdown.js';
import { onAbort } from '../async/on-abort.js';
import { shutdownAfter } from '../async/shutdown.js';
import { InvokeAbortError } from '../task/invoke.js';
import { createLeasePool } from '../leases/lease-pool.js';
import { storeErrorName } from '../observe/store-error.js';
import type { LockFactory } from '../locks/types.js';
import type { Failing } from '../observe/vitals.js';
import type { Poller } from './poller.js';
import type { Emit } from './activity-poller.js';
import type { PollerLimits } from './slots.js';
import type { CreatePoller, PollerSet } from './poller-set.js';

export interface LeasedPollersOptions {
  activityArn: string;
  pollers: readonly PollerLimits[];
  locks: LockFactory;
  clock: Clock;
  lockTtlMs: number;
  maxPollersPerInstance: number | undefined;
  onLeaseLost: 'drain' | 'abort';
  emit: Emit;
  createPoller: CreatePoller;
}

interface Held {
  poller: Poller;
  shutdown: ShutdownController;
  /** Set once the lease is lost. */
  leaseLostAt?: number;
}

/** Competes with other instances for the pollers, and runs each poller while its lease is held. */
export function runLeasedPollers(
  shutdown: ShutdownSignals,
  options: LeasedPollersOptions,
): PollerSet {
  const { activityArn, clock, locks, emit, createPoller } = options;
  let { pollers } = options;
  const held = new Map<number, Held>();
  let failing: Failing | undefined;

  // Without the sizes: instances of a rolling deployment share pollers even if their sizes differ.
  const names = () => pollers.map(({ index }) => `stepfunc-source:${activityArn}:${index}`);

  async function work(index: number, lost: AbortSignal, canPoll: () => boolean): Promise<void> {
    const limits = pollers[index];
    // The lease was acquired by a call that was under way when the poller was taken away.
    if (limits === undefined) return;
    const poller = createPoller(limits, { canPoll });
    const own = shutdownAfter(shutdown);
    // Open polls are not aborted: AWS may still assign tasks to them, which would be lost.
    const entry: Held = { poller, shutdown: own };
    held.set(index, entry);
    // It may be lost already: the observer of its acquire may have blocked the event loop.
    onAbort(lost, () => {
      entry.leaseLostAt = clock.monotonic();
      if (options.onLeaseLost === 'drain') own.startDrain();
      else own.startAbortInvokes(leaseLost());
    });
    await poller.run(own);
    held.delete(index);
    own.unfollow();
  }

  const answered = () => void (failing = undefined);
  const pool = createLeasePool({
    locks,
    names: names(),
    ttlMs: options.lockTtlMs,
    maxHeld: options.maxPollersPerInstance,
    work,
    clock,
    sharing: {
      group: `stepfunc-source:${activityArn}:members`,
      handOver: (index) => held.get(index)?.shutdown.startDrain(),
      load: (index) => held.get(index)?.poller.snapshot().tasks ?? 0,
    },
    on: {
      acquired: (poller) => emit('leaseAcquired', { poller }),
      renewed(index) {
        answered();
        held.get(index)?.poller.fillSlots();
      },
      lost: (poller, error) =>
        emit('leaseLost', { poller, error: error.name, message: errorMessage(error) }),
      released: (poller) => emit('leaseReleased', { poller }),
      storeFailed(poller, error) {
        failing = { since: failing?.since ?? clock.monotonic(), error };
        const message = errorMessage(error);
        emit('lockStoreFailed', { poller, error: storeErrorName(error), message });
      },
      storeAnswered: answered,
    },
  });

  return {
    resize(to) {
      pollers = to;
      for (const [index, { poller, shutdown: own }] of held) {
        const limits = pollers[index];
        if (limits === undefined) own.startDrain();
        else poller.resize(limits.concurrency);
      }
      pool.rename(names());
    },
    snapshot: () =>
      pool.held().flatMap(({ index, ...lease }) => {
        const poller = held.get(index)?.poller;
        return poller === undefined ? [] : [{ poller: index, ...poller.snapshot(), lease }];
      }),
    vitals: () =>
      [...held].map(([index, { poller, leaseLostAt }]) => ({
        poller: index,
        leaseLostAt,
        ...poller.vitals(),
      })),
    lockStoreFailing: () => failing,
    ended: pool.run(shutdown.drain),
  };
}

function leaseLost(): InvokeAbortError {
  return new InvokeAbortError(
    'leaseLost',
    'This instance has lost the poller that the task ran under',
  );
}
