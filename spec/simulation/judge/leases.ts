import type { Instance, World } from '../world/instance.js';
import type { StoreCall } from '../world/lock-store.js';

/** Waits between renewals that are equal so often were not at random. */
const EQUAL_WAITS = 5;
/** L2: for so much of its ttl a lease is valid. */
const VALID = 0.9;
/** Timers count whole milliseconds, and a limit lets the loop read before it acts (T12). */
const LATE_MS = 10;
/** A turn or two of the loop. */
const AT_ONCE_MS = 500;

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
  /** The same by the name of the lease. */
  const validFrom = new Map<string, number>();
  /** Owners of leases that were granted too late, and when that was heard. */
  const tooLate = new Map<string, number>();

  /** L2: a call may take a sixth, and a renewal no longer than the lease is valid. */
  function limitMs({ owner, sentAt }: StoreCall): number {
    const validMs = (grantedAt.get(owner) ?? Infinity) + VALID * ttlMs - sentAt;
    return Math.min(ttlMs / 6, validMs > 0 ? validMs : Infinity);
  }

  return {
    /** A call to the store is sent. */
    sent({ operation, name, owner }: StoreCall): void {
      // L7: what was granted too late is given back whenever that shows.
      if (instance.stopped && operation !== 'release') {
        line.broken('S3: nothing after stop', `${machine.name} asks the store: ${operation}`);
      }
      if (operation === 'release') tooLate.delete(owner);
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
      const { operation, name, owner, sentAt } = call;
      const lateMs = machine.monotonic() - sentAt - limitMs(call);
      const isGranted = answer === (operation === 'acquire' ? 'true' : 'undefined');
      // What has arrived in time, and is read after a block, may count.
      const mayCount = lateMs <= LATE_MS || !instance.heldUp.isPast(machine.now(), lateMs);
      if (isGranted && mayCount) validFrom.set(name, sentAt);
      if (isGranted && !mayCount && operation === 'acquire') tooLate.set(owner, machine.now());
      if (lateMs >= 0) return;
      if (isGranted) grantedAt.set(owner, sentAt);
      if (operation === 'extend' && answer === 'not owned') refused.add(owner);
    },
    /** L2: a poll is sent while the lease is valid, which counts from the call and not from its answer. */
    pollSent(poller: number): void {
      const from = validFrom.get(instance.leaseName(poller));
      if (store === undefined || from === undefined) return;
      const ms = machine.monotonic() - from;
      if (ms <= VALID * ttlMs) return;
      line.broken(
        'L2: valid from the call',
        `${machine.name} polls for poller ${poller} ${ms} ms after the call that made its lease valid`,
      );
    },
    /** L7: what was granted too late is given back. To be called every few seconds. */
    checkLate(now: number): void {
      for (const [owner, heardAt] of tooLate) {
        if (now - heardAt < AT_ONCE_MS || !instance.heldUp.isPast(now, now - heardAt)) continue;
        line.broken('L7: late leases are given back', `${owner} was granted too late, and is kept`);
      }
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
