import type { Instance, World } from '../world/instance.js';
import type { StoreCall } from '../world/lock-store.js';

/** Waits between renewals that are equal so often were not at random. */
const EQUAL_WAITS = 5;

/** L, from outside: what becomes of leases, as the events and the store show. */
export function createLeasesJudge(instance: Instance, { line, store, trouble }: World) {
  const { machine, ttlMs } = instance;
  /** Owners that have heard from the store that the lease is not theirs. */
  const refused = new Set<string>();
  const renewedAt = new Map<string, number>();
  const waits: number[] = [];
  /** Pollers whose lease was lost, until their work has ended. */
  const lost = new Set<number>();
  let lostAt = -Infinity;
  /** By owner: when the last of its calls was sent that the store granted in time. */
  const grantedAt = new Map<string, number>();

  /** L2: a call may take a sixth, and a renewal no longer than the lease is valid. */
  function isInTime({ owner, sentAt }: StoreCall): boolean {
    const validMs = (grantedAt.get(owner) ?? 0) + 0.9 * ttlMs - sentAt;
    const limitMs = Math.min(ttlMs / 6, validMs > 0 ? validMs : Infinity);
    return machine.monotonic() - sentAt < limitMs;
  }

  return {
    /** A call to the store is sent. */
    sent({ operation, name, owner }: StoreCall): void {
      // L7: what was granted too late is given back whenever that shows.
      if (instance.stopped && operation !== 'release') {
        line.broken('S3: nothing after stop', `${machine.name} asks the store: ${operation}`);
      }
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
    /** The process reads what the store answers. What comes after the call's limit is dropped. */
    answered(call: StoreCall, answer: string): void {
      if (!isInTime(call)) return;
      const { operation, owner, sentAt } = call;
      const isGranted = answer === (operation === 'acquire' ? 'true' : 'undefined');
      if (isGranted) grantedAt.set(owner, sentAt);
      if (operation === 'extend' && answer === 'not owned') refused.add(owner);
    },
    /** L6: a lease is lost for a reason. */
    lost(poller: number, error: string): void {
      lost.add(poller);
      lostAt = machine.now();
      if (!trouble.isPast(machine.now(), 2 * ttlMs)) return;
      line.broken(
        'L6: no lease is lost for nothing',
        `${machine.name}: poller ${poller}, ${error}`,
      );
    },
    /** A lease was given back. Returns whether it had been lost before. */
    released: (poller: number) => lost.delete(poller),
    /** When a lease was last lost. */
    lostAt: () => lostAt,
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
