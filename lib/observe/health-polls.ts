import { errorName } from '../sfn/errors.js';
import type { Finding } from './health.js';
import type { NumberedVitals } from './vitals.js';

/**
 * The source ends a poll after 70 s, so that a poll which is open for longer than this is stuck.
 */
const OVERDUE_MS = 90_000;
const FAILING_MS = 60_000;
/** A poller whose lease is lost ends at once, unless it has polls or tasks left. */
const STUCK_MS = 10_000;

export function pollsOverdue(pollers: readonly NumberedVitals[], now: number): Finding | undefined {
  const stuck = pollers.flatMap(({ poller, openSince = now, stalledSince = now }) => {
    const since = Math.min(openSince, stalledSince);
    return now - since >= OVERDUE_MS ? [{ poller, since }] : [];
  });
  return found(
    'pollsOverdue',
    stuck,
    (which) =>
      `No poll of ${which} has come back for ${OVERDUE_MS / 1_000} s, though a slot is free. The process may be starved of CPU: restart it.`,
  );
}

export function pollerStuck(pollers: readonly NumberedVitals[], now: number): Finding | undefined {
  const stuck = pollers.flatMap(({ poller, leaseLostAt: since = now, openPolls, tasks }) =>
    openPolls + tasks === 0 && now - since >= STUCK_MS ? [{ poller, since }] : [],
  );
  return found(
    'pollerStuck',
    stuck,
    (which) =>
      `The lease of ${which} is lost, and it has not ended though it has nothing left to do. Restart the process.`,
  );
}

export function pollsFailing(pollers: readonly NumberedVitals[], now: number): Finding | undefined {
  const bad = pollers.flatMap(({ poller, failing }) =>
    failing !== undefined && now - failing.since >= FAILING_MS ? [{ poller, ...failing }] : [],
  );
  const names = [...new Set(bad.map(({ error }) => errorName(error)))].join(', ');
  return found(
    'pollsFailing',
    bad,
    (which) =>
      `Polls of ${which} fail with ${names}. Check the network, the credentials, the permission states:GetActivityTask and the activity.`,
  );
}

/** One finding for all pollers with the problem. It began with the first of them. */
function found(
  code: Finding['code'],
  pollers: readonly { poller: number; since: number }[],
  message: (which: string) => string,
): Finding | undefined {
  const [first] = pollers;
  if (first === undefined) return undefined;
  const which = pollers.length === 1 ? `poller ${first.poller}` : `${pollers.length} pollers`;
  return {
    code,
    since: pollers.reduce((earliest, { since }) => Math.min(earliest, since), first.since),
    message: message(which),
  };
}
