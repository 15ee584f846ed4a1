import { flightsIn, leftOverFrom } from './judge-cap.js';
import type { Life, Tenure } from './lives.js';
import type { Trace } from './trace.js';

/** Tasks that came by a poll which their worker had asked for although another instance had its poller by then. */
export function trespasses(trace: Trace, lives: Map<string, Life>): string[] {
  const tenures = [...lives.values()].flatMap((life) => life.tenures);
  return flightsIn(trace, lives).flatMap(({ id, instance, polledAt, tenure }) => {
    if (tenure === undefined || polledAt === undefined) return [];
    const other = tenures.find(
      ({ poller, acquiredAt }) =>
        poller === tenure.poller && acquiredAt > tenure.acquiredAt && acquiredAt < polledAt,
    );
    if (other === undefined) return [];
    const lateMs = (polledAt - other.acquiredAt).toFixed(0);
    return [
      `${instance} polled for poller ${tenure.poller} ${lateMs} ms after ${other.instance} had got it (task ${id})`,
    ];
  });
}

/**
 * Tasks left over by a lost lease that did not fare as `onLeaseLost` says: failed at once, or not
 * at all. `slackMs` is what a report may take.
 */
export function misfits(trace: Trace, lives: Map<string, Life>, slackMs: number): string[] {
  return flightsIn(trace, lives).flatMap((flight) => {
    const { id, instance, life, error, handedOutAt, closedAt = Infinity } = flight;
    if (life.onLeaseLost === 'drain') {
      return error === undefined ? [] : [`${instance} drains, but failed task ${id}: ${error}`];
    }
    const from = Math.max(handedOutAt, leftOverFrom(flight));
    const stoodStill = life.suspended.some((span) => span.from < closedAt && from < span.to);
    const tookMs = Math.min(closedAt, life.killedAt) - from;
    if (stoodStill || !(tookMs > slackMs)) return [];
    return [
      `${instance} aborts, but task ${id} was open for ${tookMs.toFixed(0)} ms after the loss`,
    ];
  });
}

export interface Takeover {
  what: 'killed' | 'suspended' | 'released';
  poller: number;
  /** Until an instance held it again; undefined: not within the bound. */
  ms: number | undefined;
  boundMs: number;
  /** Whether an instance was there all the time that could have had it. */
  possible: boolean;
}

/**
 * L4: how long pollers were with no live instance. A bound holds if another one had been up,
 * awake and in touch with the store for long enough to have left every back-off behind.
 */
export function takeovers(
  lives: Map<string, Life>,
  { ttlMs, slackMs, endsAt }: { ttlMs: number; slackMs: number; endsAt: number },
): Takeover[] {
  const everyone = [...lives.values()];
  const tenures = everyone.flatMap((life) => life.tenures);
  return everyone.flatMap((life) =>
    life.tenures.flatMap((tenure) => {
      const left = departure(life, tenure, ttlMs);
      if (left === undefined) return [];
      const boundMs = left.what === 'released' ? ttlMs / 3 : (ttlMs * 4) / 3;
      const until = left.at + boundMs + slackMs;
      if (until > endsAt) return [];
      const next = tenures
        .filter(
          ({ poller, acquiredAt }) => poller === tenure.poller && acquiredAt > tenure.acquiredAt,
        )
        .reduce((first, { acquiredAt }) => Math.min(first, acquiredAt), Infinity);
      const possible = everyone.some(
        (other) => other !== life && isFree(other, tenure.poller, left.at - 1.3 * ttlMs, until),
      );
      const ms = next <= until ? Math.max(0, next - left.at) : undefined;
      return [{ what: left.what, poller: tenure.poller, ms, boundMs, possible }];
    }),
  );
}

function departure(
  { killedAt, suspended }: Life,
  { acquiredAt, lostAt, releasedAt }: Tenure,
  ttlMs: number,
): { what: Takeover['what']; at: number } | undefined {
  const heldUntil = Math.min(lostAt, releasedAt);
  if (killedAt < heldUntil) return { what: 'killed', at: killedAt };
  const asleep = suspended.find(
    ({ from, to }) => acquiredAt < from && from < heldUntil && to - from > (ttlMs * 4) / 3,
  );
  if (asleep !== undefined) return { what: 'suspended', at: asleep.from };
  return lostAt === Infinity && releasedAt < Infinity
    ? { what: 'released', at: releasedAt }
    : undefined;
}

function isFree(life: Life, poller: number, from: number, to: number): boolean {
  const { pollers, up, suspended, cutOff, tenures } = life;
  const undisturbed = [...suspended, ...cutOff].every((span) => span.to < from || span.from > to);
  // While it drains a tenure of its own that was lost, it can not have the poller again.
  const draining = tenures.some(
    (tenure) => tenure.poller === poller && tenure.lostAt < to && tenure.releasedAt > from,
  );
  return poller < pollers && up.from <= from && to <= up.to && undisturbed && !draining;
}
