import type { Instance, World } from '../world/instance.js';
import type { LockOperation } from '../world/lock-store.js';

/** Waits between renewals that are equal so often were not at random. */
const EQUAL_WAITS = 5;

/** L, from outside: what becomes of leases, as the events and the store tell. */
export function createLeasesJudge(instance: Instance, { line, store, trouble }: World) {
  const { machine, ttlMs } = instance;
  /** Owners of whom the store has said that the lease is not theirs. */
  const refused = new Set<string>();
  const renewedAt = new Map<string, number>();
  const waits: number[] = [];

  return {
    /** A call to the store is sent. */
    sent(operation: LockOperation, name: string, owner: string): void {
      if (operation !== 'extend') return;
      if (refused.has(owner)) {
        line.broken(
          'L5: a lease that is taken is not renewed',
          `${machine.name} renews ${name.replace(/^.*:/, 'poller ')}, which the store has refused`,
        );
      }
      const before = renewedAt.get(owner);
      renewedAt.set(owner, machine.now());
      if (before === undefined || !trouble.isPast(machine.now(), ttlMs)) return;
      waits.push(machine.now() - before);
      const last = waits.slice(-EQUAL_WAITS);
      if (last.length === EQUAL_WAITS && new Set(last).size === 1) {
        line.broken('jitter', `${machine.name}: renewals each ${last[0]} ms`);
      }
    },
    refused: (operation: LockOperation, owner: string) => {
      if (operation === 'extend') refused.add(owner);
    },
    /** L6: a lease is lost for a reason. */
    lost(poller: number, error: string): void {
      if (!trouble.isPast(machine.now(), 2 * ttlMs)) return;
      line.broken(
        'L6: no lease is lost for nothing',
        `${machine.name}: poller ${poller}, ${error}`,
      );
    },
    acquired(): void {
      const { maxPollersPerInstance: most = Infinity } = instance.config;
      const held = instance.source.status().pollers.filter(({ lease }) => lease?.lost === false);
      if (held.length <= most) return;
      line.broken('L3: no more than its cap', `${machine.name} holds ${held.length} pollers`);
    },
    /** L8: a stopped instance has given its leases back. */
    stopped(): void {
      if (store === undefined || !trouble.isPast(machine.now(), ttlMs)) return;
      for (let poller = 0; poller < 10; poller += 1) {
        if (store.holder(instance.leaseName(poller))?.machine !== machine.name) continue;
        line.broken('L8: leases are given back', `${machine.name} has stopped and has ${poller}`);
      }
    },
  };
}
