import type { Instance, World } from '../world/instance.js';

/** Timers count whole milliseconds, and aborts of calls take a turn or two. */
const AT_ONCE_MS = 500;
/** Reports get 5 s after the grace, and leases a little more to be given back. */
const LAST_REPORTS_MS = 5_000;

/** S2, from outside: polls and invokes end with the grace, the rest soon after. */
export function watchGrace(instance: Instance, graceMs: number, world: World): void {
  const { universe, line } = world;
  const { machine, slots, invokes, ttlMs, heldUp } = instance;
  const stoppedAt = machine.monotonic();

  /** Calls `then` once so much time of the grace's own clock has passed, unless the stop is over. */
  function after(ms: number, then: () => void): void {
    const leftMs = stoppedAt + ms - machine.monotonic();
    universe.at(universe.now() + Math.max(leftMs, 1), () => {
      if (instance.stopped || !machine.alive || machine.frozen) return;
      // A suspended machine's clock stood still meanwhile.
      if (machine.monotonic() - stoppedAt < ms) after(ms, then);
      else if (machine.now() <= universe.now()) then();
    });
  }

  after(graceMs + AT_ONCE_MS, () => {
    if (!heldUp.isPast(universe.now(), AT_ONCE_MS)) return;
    const polls = slots.openPolls();
    const running = invokes.unaborted();
    if (polls + running === 0) return;
    line.broken(
      'S2: polls and invokes end with the grace',
      `${machine.name} has ${polls} polls and ${running} invokes after it`,
    );
  });
  const restMs = LAST_REPORTS_MS + ttlMs / 6 + 1_500;
  after(graceMs + restMs, () => {
    if (!heldUp.isPast(universe.now(), restMs)) return;
    line.broken('S2: a grace ends', `${machine.name} has not stopped`);
  });
}
