import type { Clock } from '../async/clock.js';
import { storeErrorName } from './store-error.js';
import type { Events } from './events.js';
import type { Finding } from './health.js';
import type { Failing } from './vitals.js';

/** A lease that is lost so often within `UNSTABLE_TTLS` times the ttl is not lost by chance. */
const UNSTABLE_LOSSES = 3;
const UNSTABLE_TTLS = 10;

/** Watches the leases of a source with `locks`. */
export function watchLeases(
  events: Events,
  clock: Clock,
): { findings(failing: Failing | undefined, ttlMs: number, now: number): (Finding | undefined)[] } {
  /** When each poller's lease was last lost, three times at most, oldest first. */
  const lost = new Map<number, { at: number[]; error: string }>();

  events.on('leaseLost', ({ poller, error }) => {
    const at = lost.get(poller)?.at ?? [];
    lost.set(poller, { at: [...at.slice(1 - UNSTABLE_LOSSES), clock.monotonic()], error });
  });

  return {
    findings: (failing, ttlMs, now) => [
      lockStoreUnreachable(failing, ttlMs, now),
      leasesUnstable(lost, ttlMs, now),
    ],
  };
}

function lockStoreUnreachable(
  failing: Failing | undefined,
  ttlMs: number,
  now: number,
): Finding | undefined {
  if (failing === undefined || now - failing.since < ttlMs) return undefined;
  return {
    code: 'lockStoreUnreachable',
    since: failing.since,
    message: `Calls to the lock store fail with ${storeErrorName(failing.error)}; without it no poller is held. Check the store and the connection to it.`,
  };
}

function leasesUnstable(
  lost: ReadonlyMap<number, { at: readonly number[]; error: string }>,
  ttlMs: number,
  now: number,
): Finding | undefined {
  const unstable = [...lost].flatMap(([poller, { at, error }]) => {
    const [since = now] = at;
    const isUnstable = at.length === UNSTABLE_LOSSES && now - since <= UNSTABLE_TTLS * ttlMs;
    return isUnstable ? [{ poller, since, error }] : [];
  });
  const [first] = unstable;
  if (first === undefined) return undefined;
  const which =
    unstable.length === 1
      ? `The lease of poller ${first.poller} was`
      : `${unstable.length} leases were`;
  return {
    code: 'leasesUnstable',
    since: Math.min(...unstable.map(({ since }) => since)),
    message: `${which} lost ${UNSTABLE_LOSSES} times within ${UNSTABLE_TTLS} times lockTtlMs, last with ${first.error}. Check that the store's user may renew and release leases, not only take them (Redis: EVAL), and that the event loop is not blocked for long.`,
  };
}
