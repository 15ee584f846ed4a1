import type { Life, Span, Tenure } from './lives.js';
import { tenureAt } from './lives.js';
import type { HandOut, Trace } from './trace.js';

/**
 * What the cap means here.
 *
 * A task is in flight from the moment that the service hands it out until a report closes it. Both
 * are as the server sees them. It counts while its worker is live, and no longer:
 *
 * - A worker that was killed is dead from the moment that the signal is sent. Its tasks are lost. What
 *   the service still gives to its polls is handed to no worker.
 * - A suspended worker does nothing for anybody from SIGSTOP until it has woken and looked at its
 *   clocks. Its own word, `awake`, comes behind every timer that came due meanwhile.
 * - A task is left over from the moment that its worker learns that the task's poller is lost. L5 lets
 *   it come to its end (`drain`), or has it failed at once (`abort`). Whoever has the poller next
 *   works beside it, which a plain lease can not prevent. Polls that were open at the loss may bring
 *   more. Those tasks are left over from the start.
 *
 * So `held` must never pass the cap, at no moment and not only at hand-outs. It would if two held a
 * poller at a time, or if one polled on after its loss. `all` counts left-overs too. How far it passes
 * the cap is a figure. What was lost bounds it: every left-over is a task of a lost tenure.
 */
export interface CapFigures {
  /** The most that `held` was above the cap; 0: never. */
  heldOver: number;
  /** The most that `all` was above the cap. */
  allOver: number;
  /** The most tasks in flight at a time. */
  most: number;
  leftOver: number;
}

export interface Flight extends HandOut {
  life: Life;
  /** What it ran under; undefined where the worker was dead before it could say. */
  tenure: Tenure | undefined;
  polledAt: number | undefined;
}

export function flightsIn({ happenings, handOuts }: Trace, lives: Map<string, Life>): Flight[] {
  const invoked = new Map<string, { poller: number; at: number; polledAt: number }>();
  for (const happening of happenings) {
    if (happening.what === 'invoked') invoked.set(happening.id, happening);
  }
  return handOuts.flatMap((handOut) => {
    const life = lives.get(handOut.instance);
    const run = invoked.get(handOut.id);
    if (life === undefined) return [];
    const tenure = run && tenureAt(life, run.poller, run.at);
    return [{ ...handOut, life, tenure, polledAt: run?.polledAt }];
  });
}

export function judgeCap(trace: Trace, lives: Map<string, Life>): CapFigures {
  const held: Change[] = [];
  const all: Change[] = [];
  let leftOver = 0;
  for (const flight of flightsIn(trace, lives)) {
    const to = Math.min(flight.closedAt ?? Infinity, flight.life.killedAt);
    const whole = { from: flight.handedOutAt, to };
    const leftOverAt = leftOverFrom(flight);
    if (leftOverAt < to) leftOver += 1;
    count(all, awake(whole, flight.life));
    count(held, awake({ ...whole, to: Math.min(to, leftOverAt) }, flight.life));
  }
  const caps = [...trace.caps].sort((a, b) => a.at - b.at);
  const capAt = (at: number) => caps.findLast((cap) => cap.at <= at)?.tasks ?? 0;
  return { heldOver: over(held, capAt), allOver: over(all, capAt), most: over(all), leftOver };
}

/** A task that came when its poller was lost and is to be aborted is failed without an invoke. */
export function leftOverFrom({ error, tenure, handedOutAt }: Flight): number {
  if (tenure === undefined) return error === undefined ? Infinity : handedOutAt;
  return tenure.lostAt;
}

function awake(span: Span, { suspended }: Life): Span[] {
  let parts = [span];
  for (const sleep of suspended) {
    parts = parts.flatMap(({ from, to }) => [
      { from, to: Math.min(to, sleep.from) },
      { from: Math.max(from, sleep.to), to },
    ]);
  }
  return parts.filter(({ from, to }) => from < to);
}

interface Change {
  at: number;
  by: 1 | -1;
}

function count(changes: Change[], spans: Span[]): void {
  for (const { from, to } of spans) changes.push({ at: from, by: 1 }, { at: to, by: -1 });
}

/** The most that a sum of changes ever was above a cap. What ends at a moment makes room for what begins. */
function over(changes: Change[], capAt: (at: number) => number = () => 0): number {
  let sum = 0;
  let most = 0;
  for (const { at, by } of changes.sort((a, b) => a.at - b.at || a.by - b.by)) {
    sum += by;
    most = Math.max(most, sum - capAt(at));
  }
  return most;
}
