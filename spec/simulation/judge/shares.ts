import type { Plan } from '../plan.js';
import type { Instance, World } from '../world/instance.js';
import { POLLERS } from './pollers.js';

/** L4 and L3: whoever holds the more waits the longer, but never more than a third of the ttl. */
const TAKEN_WITHIN_TTLS = 2;
const SLACK_MS = 15_000;
/** What was lost before this no longer counts when a lease is handed over: its tasks have ended. */
const LONGEST_HAND_OVER_MS = 200_000;
/** Once all is calm: how often pollers may change hands until they are shared evenly. */
const HAND_OVERS = 4 * POLLERS;

/** What concerns all instances that share a limit, from outside: who holds what. */
export function createSharesJudge({ universe, store, line, trouble }: World, plan: Plan) {
  const ttlMs = plan.config.lockTtlMs ?? 0;
  /** The largest limit that any instance ever has. */
  const most = Math.max(
    ...plan.happenings.map((happening) =>
      happening.kind === 'starts' || happening.kind === 'resizes'
        ? happening.sizes.maxConcurrency
        : 1,
    ),
    plan.config.maxConcurrency ?? 1,
  );
  const freeSince = new Map<number, number>();
  let handOvers = 0;

  const nameOf = (poller: number, [any]: readonly Instance[]) => any?.leaseName(poller) ?? '';
  const pollersOf = (instance: Instance) => instance.pollers();
  const capOf = ({ config }: Instance) => config.maxPollersPerInstance ?? Infinity;
  const shareOf = (instance: Instance, instances: number) =>
    Math.min(capOf(instance), Math.floor(pollersOf(instance) / instances));

  function holderOf(poller: number, instances: readonly Instance[]): Instance | undefined {
    const [any] = instances;
    const record = any && store?.holder(any.leaseName(poller));
    return instances.find(({ machine }) => machine.name === record?.machine);
  }

  /** Whether an instance could take this lease now. */
  function mayBeTaken(poller: number, instances: readonly Instance[]): boolean {
    return instances.some((instance) => {
      const { state, pollers } = instance.source.status();
      return (
        state === 'running' &&
        poller < pollersOf(instance) &&
        // L5: one that has lost it has to come to its end there first.
        !pollers.some((its) => its.poller === poller) &&
        // Those that it has lost, or that a resize has taken away, count as long as they have work.
        pollers.length < Math.min(capOf(instance), pollersOf(instance))
      );
    });
  }

  /**
   * L10: others leave free pollers to an instance that has less than its share. It takes this one once
   * its own work under it, from before a loss, has ended (L5).
   */
  function isLeftToItsLast(poller: number, instances: readonly Instance[]): boolean {
    if (store?.traits.hasMembers !== true) return false;
    return instances.some((instance) => {
      const { pollers } = instance.source.status();
      const isDraining = pollers.some((its) => its.poller === poller && its.lease?.lost === true);
      return isDraining && pollers.length < shareOf(instance, instances.length);
    });
  }

  function heldBy(instances: readonly Instance[]): Map<Instance, number> {
    const held = new Map(instances.map((instance) => [instance, 0]));
    for (let poller = 0; poller < POLLERS; poller += 1) {
      const holder = holderOf(poller, instances);
      if (holder !== undefined) held.set(holder, (held.get(holder) ?? 0) + 1);
    }
    return held;
  }

  return {
    /** L: what runs under leases that the store knows, never exceeds the limit. To be called at each poll. */
    checkCap(instances: readonly Instance[]): void {
      let used = 0;
      for (let poller = 0; poller < POLLERS; poller += 1) {
        used += holderOf(poller, instances)?.slots.used(poller) ?? 0;
      }
      if (used > most) {
        line.broken('L: the limit of all', `${used} polls and tasks under leases, not ${most}`);
      }
    },
    /** L3, L4: a lease that is free is taken, if an instance may. */
    checkTaken(instances: readonly Instance[], now: number): void {
      if (store === undefined) return;
      for (let poller = 0; poller < POLLERS; poller += 1) {
        const isHeld = store.holder(nameOf(poller, instances)) !== undefined;
        const excused =
          !mayBeTaken(poller, instances) ||
          isLeftToItsLast(poller, instances) ||
          !trouble.isPast(now, ttlMs);
        if (excused || isHeld || !freeSince.has(poller)) freeSince.set(poller, now);
        const freeMs = now - (freeSince.get(poller) ?? now);
        if (freeMs <= TAKEN_WITHIN_TTLS * ttlMs + SLACK_MS) continue;
        line.broken('L4: free leases are taken', `poller ${poller} has been free for ${freeMs} ms`);
      }
    },
    /** L4: leases that are free and should be taken soon. */
    untaken(instances: readonly Instance[]): number[] {
      if (store === undefined) return [];
      return [...Array(POLLERS).keys()].filter(
        (poller) =>
          store.holder(nameOf(poller, instances)) === undefined && mayBeTaken(poller, instances),
      );
    },
    /** L10: in the end no instance holds less than an even share while others hold more. */
    unfair(instances: readonly Instance[]): string[] {
      if (store?.traits.hasMembers !== true) return [];
      // Of a rolling deployment with two sizes, not everybody competes for everything.
      if (new Set(instances.map(pollersOf)).size > 1) return [];
      const held = [...heldBy(instances)];
      const share = (instance: Instance) => shareOf(instance, instances.length);
      const rich = held.some(([instance, count]) => count > share(instance));
      return held
        .filter(([instance, count]) => rich && count < share(instance))
        .map(([{ machine }, count]) => `${machine.name} holds ${count} pollers`);
    },
    /** L10: no instance hands over what is its own share; and pollers do not go round in circles. */
    handedOver(instance: Instance, instances: number): void {
      const { machine, source, leases, resized } = instance;
      const held = source.status().pollers.filter(({ lease }) => lease?.lost === false).length;
      // Of as many as there have ever been: it may have known of fewer, whose shares are larger.
      const share = shareOf(instance, instances);
      const excused = resized || machine.now() - leases.lostAt() < LONGEST_HAND_OVER_MS;
      if (!excused && held < share) {
        line.broken(
          'L10: even shares are kept',
          `${machine.name} hands a poller over, and has ${held}`,
        );
      }
      if (!instance.isCalm) return;
      handOvers += 1;
      if (handOvers <= HAND_OVERS) return;
      line.broken(
        'L10: no circles',
        `${handOvers} hand-overs since all is calm at ${universe.now()}`,
      );
    },
  };
}
