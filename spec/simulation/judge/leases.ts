import type { Instance, World } from '../world/instance.js';
import type { StoreCall } from '../world/lock-store.js';
import { POLLERS } from './pollers.js';

/** Waits between renewals that are equal so often were not at random. */
const EQUAL_WAITS = 5;
/** L2: for so much of its ttl a lease is valid. */
const VALID = 0.9;
/** What is due is seen by the next calls. */
const SOON_MS = 5_000;
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
  /** By owner: when the last of its calls was sent that the store granted in time, or may have. */
  const grantedAt = new Map<string, number>();
  /** The same by the name of the lease. */
  const validFrom = new Map<string, number>();
  /** Owners of leases that were granted too late, and when that was heard. */
  const tooLate = new Map<string, number>();
  /** Owners whose acquire has not been answered in time: when it was sent. */
  const unanswered = new Map<string, number>();
  /** Owners whose last renewal failed, and when. */
  const failedAt = new Map<string, number>();
  /** When the first call was sent of those since which no call has been answered well in time. */
  let failingSince: number | undefined;
  let looksWithout = 0;
  /** By owner: when it was last renewed sooner than after a twelfth, since the clocks had leapt. */
  const hurriedAt = new Map<string, number>();

  /** L2: a call may take a sixth, and a renewal no longer than the lease is valid. */
  function limitMs({ owner, sentAt }: StoreCall): number {
    const validMs = (grantedAt.get(owner) ?? Infinity) + VALID * ttlMs - sentAt;
    return Math.min(ttlMs / 6, validMs > 0 ? validMs : Infinity);
  }

  /**
   * L2: after a failure it waits for a twelfth. It asks at once, once each, when the clocks have leapt
   * and when the lease expires.
   */
  function checkHurry(owner: string, name: string): void {
    const ms = machine.now() - (failedAt.get(owner) ?? -Infinity);
    failedAt.delete(owner);
    if (ms >= ttlMs / 12 - LATE_MS) return;
    const expiredMs = machine.monotonic() - (validFrom.get(name) ?? 0) - VALID * ttlMs;
    const expiredAt = expiredMs > -LATE_MS ? machine.now() - expiredMs : -Infinity;
    const since = Math.max(instance.leaptAt, expiredAt);
    const mayHurry = since > (hurriedAt.get(owner) ?? -Infinity);
    hurriedAt.set(owner, machine.now());
    if (mayHurry) return;
    line.broken(
      'L2: a twelfth after a failure',
      `${machine.name}: ${owner} is renewed ${ms} ms after`,
    );
  }

  return {
    /** A call to the store is sent. */
    sent({ operation, name, owner }: StoreCall): void {
      // L7: what was granted too late is given back whenever that shows.
      if (instance.stopped && operation !== 'release') {
        line.broken('S3: nothing after stop', `${machine.name} asks the store: ${operation}`);
      }
      failingSince ??= machine.now();
      if (operation === 'acquire') unanswered.set(owner, machine.now());
      if (operation === 'release') {
        tooLate.delete(owner);
        unanswered.delete(owner);
      }
      if (operation !== 'extend') return;
      if (refused.has(owner)) {
        line.broken(
          'L5: a lease that is taken is not renewed',
          `${machine.name} renews ${name.replace(/^.*:/, 'poller ')}, which the store has refused`,
        );
      }
      checkHurry(owner, name);
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
    answered(call: StoreCall, answer: string, isError = false): void {
      const { operation, name, owner, sentAt } = call;
      const lateMs = machine.monotonic() - sentAt - limitMs(call);
      const isGranted =
        answer === { acquire: 'true', extend: 'undefined' }[operation as 'acquire' | 'extend'];
      // What has arrived in time, and is read after a block, may count.
      const mayCount = lateMs <= LATE_MS || !instance.heldUp.isPast(machine.now(), lateMs);
      if (isGranted && mayCount) {
        grantedAt.set(owner, sentAt);
        validFrom.set(name, Math.max(sentAt, validFrom.get(name) ?? 0));
      }
      if (operation === 'acquire' && /^(true|false)$/.test(answer) && mayCount) {
        unanswered.delete(owner);
      }
      if (isGranted && !mayCount && operation === 'acquire') tooLate.set(owner, machine.now());
      if (lateMs >= 0) return;
      if (!isError) failingSince = undefined;
      if (operation === 'extend' && !isGranted) failedAt.set(owner, machine.now());
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
    /** H: that every call fails is told after a ttl. To be called every few seconds. */
    checkOutage(now: number): void {
      const ms = now - (failingSince ?? now);
      const isDue = ms >= (ttlMs * 7) / 6 + SOON_MS && instance.heldUp.isPast(now, ms);
      const { problems } = isDue ? instance.source.health() : { problems: [] };
      const isTold = problems.some(({ code }) => code === 'lockStoreUnreachable');
      looksWithout = isDue && !isTold ? looksWithout + 1 : 0;
      if (looksWithout < 2) return;
      line.broken('H: an outage of the store is told', `${machine.name}: not after ${ms} ms`);
    },
    /** L7: what was granted too late, or may have been, is given back. To be called every few seconds. */
    checkLate(now: number): void {
      for (const [owner, sentAt] of unanswered) {
        const ms = now - sentAt;
        if (ms < ttlMs / 6 + AT_ONCE_MS || !instance.heldUp.isPast(now, ms)) continue;
        line.broken(
          'L7: lost grants are given back',
          `${owner} has no answer, and is not released`,
        );
      }
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
      // Those that are lost count as long as they have work.
      const held = instance.source.status().pollers.filter(({ lease }) => lease !== undefined);
      if (held.length <= most) return;
      line.broken('L3: no more than its cap', `${machine.name} holds ${held.length} pollers`);
    },
    /** L8: a stopped instance has given its leases back. */
    stopped(): void {
      if (store === undefined || !trouble.isPast(machine.now(), ttlMs)) return;
      for (let poller = 0; poller < POLLERS; poller += 1) {
        if (store.holder(instance.leaseName(poller))?.machine !== machine.name) continue;
        line.broken('L8: leases are given back', `${machine.name} has stopped and has ${poller}`);
      }
    },
  };
}
