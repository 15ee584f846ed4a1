/**
 * Decides whether this instance hands a poller over to another one, or leaves free ones to it.
 * Pure: it knows only what the instances said of themselves in the store, each at its last renewal.
 *
 * No instance hands over a poller that it needs for its own even share. Without that rule, late
 * news would make pollers go round in circles.
 */

/** What an instance says of itself to the others. */
export interface Standing {
  /** The instance's own id. It breaks ties, in the same way for all of them. */
  id: string;
  /** How many pollers it holds and is going to keep. */
  held: number;
  /** How many pollers it is handing over, or has handed over within the last ttl. */
  handedOver: number;
  /**
   * How many pollers it has lost, or that a resize has taken away, whose work has not ended. Until
   * then they count for its cap, and it can't take a lost one again. So other instances leave no
   * free ones to it for them.
   */
  draining: number;
  /** For how many pollers it competes. Instances of a rolling deployment may differ in that. */
  pollers: number;
  /** How many it takes at most: its `maxPollersPerInstance`. */
  cap: number;
}

export interface FairShare {
  /** How many more pollers the instances with too few of them are waiting for. */
  lacked: number;
  /**
   * Free pollers with an index below this are left to others, since this instance has its even
   * share and they have not. 0: none. Instances of a rolling deployment may not compete for all of
   * them.
   */
  yieldsBelow: number;
  /** This instance hands one poller over now: one with an index below this. Absent: none. */
  handOverBelow?: number;
}

export function planFairShare(me: Standing, others: readonly Standing[]): FairShare {
  const all = [me, ...others];
  const evenShare = ({ pollers, cap }: Standing) => Math.min(cap, Math.floor(pollers / all.length));
  const lacking = (standing: Standing) => {
    const { held, handedOver, draining, pollers, cap } = standing;
    // What it hands over counts for its cap, and it can take nothing in its place. For up to a ttl
    // after its end that is too little room, as others can't see the end.
    const room = Math.min(cap, pollers) - held - handedOver - draining;
    return Math.max(0, Math.min(evenShare(standing) - held - draining, room));
  };

  const poor = others.filter((other) => lacking(other) > 0);
  const lacked = poor.reduce((sum, other) => sum + lacking(other), 0);
  const below = Math.max(0, ...poor.map(({ pollers }) => pollers));
  const yieldsBelow = lacking(me) === 0 ? below : 0;
  const onTheirWay = all.reduce((sum, { handedOver }) => sum + handedOver, 0);
  const rich = all
    .filter((standing) => standing.held > evenShare(standing))
    .sort((a, b) => b.held - a.held || (a.id < b.id ? -1 : 1));
  const rank = rich.indexOf(me);
  if (rank === -1 || rank >= lacked - onTheirWay) return { lacked, yieldsBelow };
  return { lacked, yieldsBelow, handOverBelow: below };
}

/** The text that is written to the store. */
export function formatStanding({ id, held, handedOver, draining, pollers, cap }: Standing): string {
  return [id, held, handedOver, draining, pollers, Number.isFinite(cap) ? cap : '-'].join(' ');
}

/** Undefined if another version has written something else. */
export function parseStanding(text: string): Standing | undefined {
  const match = /^(\S+) (\d+) (\d+) (\d+) (\d+) (\d+|-)$/.exec(text);
  if (match === null) return undefined;
  const [, id = '', held, handedOver, draining, pollers, cap] = match;
  return {
    id,
    held: Number(held),
    handedOver: Number(handedOver),
    draining: Number(draining),
    pollers: Number(pollers),
    cap: cap === '-' ? Infinity : Number(cap),
  };
}
