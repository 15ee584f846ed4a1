import { errorName } from '../sfn/errors.js';
import type { Config } from '../source/config.js';
import type { ShutdownSignals, ShutdownController } from '../async/shutdown.js';
import { shutdownAfter } from '../async/shutdown.js';
import { InvokeAbortError } from '../task/invoke.js';
import { createLeasePool } from '../leases/lease-pool.js';
import type { LockFactory } from '../locks/types.js';
import type { Poller, PollHealth } from './poller.js';
import type { Emit } from './activity-poller.js';
import type { PollerLimits } from './slots.js';
import type { CreatePoller, PollerSet } from './poller-set.js';

export interface LeasedPollersOptions {
  activityArn: string;
  pollers: readonly PollerLimits[];
  locks: LockFactory;
  config: Config;
  emit: Emit;
  createPoller: CreatePoller;
}

/** Competes for the pollers with other instances, and runs a poller for each while its lease is held. */
export function runLeasedPollers(
  shutdown: ShutdownSignals,
  options: LeasedPollersOptions,
): PollerSet {
  const { activityArn, locks, config, emit, createPoller } = options;
  let { pollers } = options;
  const held = new Map<number, { poller: Poller; shutdown: ShutdownController }>();
  let failing: PollHealth['failing'];

  // Without the sizes: instances of a rolling deployment share pollers whatever theirs are.
  const names = () => pollers.map(({ index }) => `stepfunc-source:${activityArn}:${index}`);

  async function work(index: number, lost: AbortSignal, canPoll: () => boolean): Promise<void> {
    const limits = pollers[index];
    // Granted to a call that was under way when the poller was taken away.
    if (limits === undefined) return;
    const poller = createPoller(limits, { canPoll });
    const own = shutdownAfter(shutdown);
    // Open polls are not aborted for it: AWS gives tasks to polls whose client has gone.
    lost.addEventListener('abort', () =>
      config.onLeaseLost === 'drain' ? own.startDrain() : own.startAbortInvokes(leaseLost()),
    );
    held.set(index, { poller, shutdown: own });
    await poller.run(own);
    held.delete(index);
    own.unfollow();
  }

  const answered = () => void (failing = undefined);
  const pool = createLeasePool({
    locks,
    names: names(),
    ttlMs: config.lockTtlMs,
    maxHeld: config.maxPollersPerInstance,
    work,
    on: {
      acquired: (poller) => emit('leaseAcquired', { poller }),
      renewed(index) {
        answered();
        held.get(index)?.poller.fillSlots();
      },
      lost: (poller, error) => emit('leaseLost', { poller, error: error.name }),
      released: (poller) => emit('leaseReleased', { poller }),
      storeFailed(poller, error) {
        failing = { since: failing?.since ?? performance.now(), error };
        emit('lockStoreFailed', { poller, error: errorName(error) });
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
    pollHealth: () =>
      [...held].map(([index, { poller }]) => ({ poller: index, ...poller.pollHealth() })),
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
