import { errorName } from '../sfn/errors.js';
import type { Config } from '../source/config.js';
import type { Ending, EndingController } from '../async/shutdown.js';
import { endingAfter } from '../async/shutdown.js';
import { InvokeAborted } from '../task/invoke.js';
import { createLeasePool } from '../leases/lease-pool.js';
import type { LockFactory } from '../locks/types.js';
import type { Poller, Pulse } from './poller.js';
import type { Tell } from './activity-poller.js';
import type { Role } from './slots.js';
import type { CreatePoller, RunningRoles } from './poller-set.js';

export interface LeasedRolesOptions {
  activityArn: string;
  roles: readonly Role[];
  locks: LockFactory;
  config: Config;
  tell: Tell;
  createPoller: CreatePoller;
}

/** Competes for the roles with other instances, and runs a poller for each while its lease is held. */
export function runLeasedRoles(ending: Ending, options: LeasedRolesOptions): RunningRoles {
  const { activityArn, locks, config, tell, createPoller } = options;
  let { roles } = options;
  const held = new Map<number, { poller: Poller; ending: EndingController }>();
  let failing: Pulse['failing'];

  // Without the sizes: instances of a rolling deployment share roles whatever theirs are.
  const names = () => roles.map(({ index }) => `stepfunc-source:${activityArn}:${index}`);

  async function work(index: number, lost: AbortSignal, mayPoll: () => boolean): Promise<void> {
    const role = roles[index];
    // Granted to a call that was under way when the role was taken away.
    if (role === undefined) return;
    const poller = createPoller(role, { mayPoll });
    const own = endingAfter(ending);
    // Open polls are not aborted for it: AWS gives tasks to polls whose client has gone.
    lost.addEventListener('abort', () =>
      config.onLeaseLost === 'drain' ? own.startDrain() : own.startInterrupt(leaseLost()),
    );
    held.set(index, { poller, ending: own });
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
      acquired: (role) => tell('roleAcquired', { role }),
      renewed(role) {
        answered();
        held.get(role)?.poller.proceed();
      },
      lost: (role, error) => tell('roleLost', { role, error: error.name }),
      released: (role) => tell('roleReleased', { role }),
      storeFailed(role, error) {
        failing = { since: failing?.since ?? performance.now(), error };
        tell('lockStoreFailed', { role, error: errorName(error) });
      },
      storeAnswered: answered,
    },
  });

  return {
    resize(to) {
      roles = to;
      for (const [index, { poller, ending: own }] of held) {
        const role = roles[index];
        if (role === undefined) own.startDrain();
        else poller.resize(role.concurrency);
      }
      pool.rename(names());
    },
    snapshot: () =>
      pool.held().flatMap(({ index: role, ...lease }) => {
        const poller = held.get(role)?.poller;
        return poller === undefined ? [] : [{ role, ...poller.snapshot(), lease }];
      }),
    pulses: () => [...held].map(([role, { poller }]) => ({ role, ...poller.pulse() })),
    lockStoreFailing: () => failing,
    ended: pool.run(ending.drain),
  };
}

function leaseLost(): InvokeAborted {
  return new InvokeAborted('leaseLost', 'This instance has lost the role that the task ran under');
}
