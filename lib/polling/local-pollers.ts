import type { SpawnEffects } from 'abort-controller-x';
import { catchAbortError, forever, spawn } from 'abort-controller-x';
import type { Ending, FollowingEnding } from '../async/shutdown.js';
import { endingAfter } from '../async/shutdown.js';
import type { Poller } from './poller.js';
import type { Role } from './slots.js';
import { allot } from './slots.js';
import type { CreatePoller, RunningRoles } from './poller-set.js';

interface Running {
  role: number;
  poller: Poller;
  ending: FollowingEnding;
}

/** Runs every role in this process: it is the only one. */
export function runOwnRoles(
  ending: Ending,
  roles: readonly Role[],
  createPoller: CreatePoller,
): RunningRoles {
  const pollers = new Map<number, Running>();
  /** Roles that are no more, while they come to their end. */
  const leaving = new Set<Running>();
  let wanted = roles.map(({ concurrency }) => concurrency);
  let settled = true;

  const all = () => [...pollers.values(), ...leaving];

  let fork: SpawnEffects['fork'];
  const ended = spawn(ending.drain, async (signal, effects) => {
    fork = effects.fork;
    settle();
    await forever(signal);
  }).catch(catchAbortError);

  function begin(role: number, concurrency: number): void {
    const poller = createPoller(
      { index: role, concurrency },
      {
        onFreed() {
          if (!settled) settle();
        },
      },
    );
    const running = { role, poller, ending: endingAfter(ending) };
    pollers.set(role, running);
    fork(async () => {
      await poller.run(running.ending);
      running.ending.unfollow();
      // At the end of the source the others stay, to be looked at.
      if (leaving.delete(running)) settle();
    });
  }

  /** Gives the roles their slots as far as there is room, and goes on as room is made. */
  function settle(): void {
    if (ending.drain.aborted) return;
    for (const [role, running] of pollers) {
      if (role < wanted.length) continue;
      pollers.delete(role);
      leaving.add(running);
      running.poller.resize(0);
      running.ending.startDrain();
    }
    const allotted = allot(
      wanted,
      wanted.map((_, role) => inUse(pollers.get(role)?.poller)),
      [...leaving].reduce((total, { poller }) => total + inUse(poller).used, 0),
    );
    for (const [role, concurrency] of allotted.entries()) {
      const poller = pollers.get(role)?.poller;
      if (poller !== undefined) poller.resize(concurrency);
      else if (concurrency > 0) begin(role, concurrency);
    }
    settled = leaving.size === 0 && allotted.every((size, role) => size === wanted[role]);
  }

  return {
    resize(to) {
      wanted = to.map(({ concurrency }) => concurrency);
      settle();
    },
    snapshot: () => all().map(({ role, poller }) => ({ role, ...poller.snapshot() })),
    pulses: () => all().map(({ role, poller }) => ({ role, ...poller.pulse() })),
    lockStoreFailing: () => undefined,
    ended,
  };
}

function inUse(poller: Poller | undefined): { concurrency: number; used: number } {
  if (poller === undefined) return { concurrency: 0, used: 0 };
  const { concurrency, openPolls, tasks } = poller.snapshot();
  return { concurrency, used: openPolls + tasks };
}
