import type { Plan } from '../plan.js';
import type { Instance, World } from '../world/instance.js';

const POLLERS = 10;
/** L4 and L3: whoever holds the more waits the longer, but never more than a third of the ttl. */
const TAKEN_WITHIN_TTLS = 2;
const SLACK_MS = 15_000;
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

  const pollersOf = (instance: Instance) => instance.pollers();
  const capOf = ({ config }: Instance) => config.maxPollersPerInstance ?? Infinity;

  function holderOf(poller: number, instances: readonly Instance[]): Instance | undefined {
    const [any] = instances;
    const record = any && store?.holder(any.leaseName(poller));
    return instances.find(({ machine }) => machine.name === record?.machine);
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
    /** L3, L4: a lease that is free is taken, if somebody may. */
    checkTaken(instances: readonly Instance[], now: number): void {
      if (store === undefined) return;
      for (let poller = 0; poller < POLLERS; poller += 1) {
        const mayBeTaken = instances.some(
          (instance) =>
            instance.source.state === 'running' &&
            poller < pollersOf(instance) &&
            // L5: one that has lost it has to come to its end there first.
            !instance.source.status().pollers.some((its) => its.poller === poller) &&
            // Those that it has lost count, as long as they have work.
            instance.source.status().pollers.length < capOf(instance),
        );
        const name = instances[0]?.leaseName(poller) ?? '';
        const excused = !mayBeTaken || !trouble.isPast(now, ttlMs);
        if (excused || store.holder(name) !== undefined || !freeSince.has(poller)) {
          freeSince.set(poller, now);
        }
        const freeMs = now - (freeSince.get(poller) ?? now);
        if (freeMs <= TAKEN_WITHIN_TTLS * ttlMs + SLACK_MS) continue;
        line.broken('L4: free leases are taken', `poller ${poller} has been free for ${freeMs} ms`);
      }
    },
    /** L10: in the end nobody holds less than an even share while others hold more. */
    unfair(instances: readonly Instance[]): string[] {
      if (store?.traits.hasMembers !== true) return [];
      // Of a rolling deployment with two sizes, not everybody competes for everything.
      if (new Set(instances.map(pollersOf)).size > 1) return [];
      const held = [...heldBy(instances)];
      const share = (instance: Instance) =>
        Math.min(capOf(instance), Math.floor(pollersOf(instance) / instances.length));
      const rich = held.some(([instance, count]) => count > share(instance));
      return held
        .filter(([instance, count]) => rich && count < share(instance))
        .map(([{ machine }, count]) => `${machine.name} holds ${count} pollers`);
    },
    /** L10: pollers do not go round in circles. */
    handedOver(): void {
      handOvers += 1;
      if (handOvers <= HAND_OVERS) return;
      line.broken(
        'L10: no circles',
        `${handOvers} hand-overs since all is calm at ${universe.now()}`,
      );
    },
  };
}
