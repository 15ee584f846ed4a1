/**
 * Whether this instance should hand a poller over to another one, or leave free ones to it. Pure: it
 * decides by what the instances say of themselves through the store, each at its own last renewal.
 *
 * Nobody hands over what would leave it with less than its even share, so that whatever is seen late
 * can't make pollers go round in circles.
 */

/** What an instance says of itself. */
export interface Standing {
  /** Tells the instances apart, and breaks ties: the same for all who look. */
  id: string;
  /** Pollers that it holds and means to keep. */
  held: number;
  /** Pollers that it is handing over, or has handed over within the last ttl. */
  leaving: number;
  /** For how many pollers it competes. Instances of a rolling deployment may differ in that. */
  pollers: number;
  /** How many it takes at most: its `maxPollersPerInstance`. */
  cap: number;
}

export interface FairShare {
  /** How many more pollers the instances with too few of them are waiting for. */
  wanted: number;
  /**
   * This instance has its even share, and others have not: free pollers with an index below this are
   * theirs. 0: none. Instances of a rolling deployment may not compete for all of them.
   */
  yieldsBelow: number;
  /** This instance hands one poller over now: one with an index below this. Absent: none. */
  handOverBelow?: number;
}

export function planFairShare(me: Standing, others: readonly Standing[]): FairShare {
  const all = [me, ...others];
  const evenShare = ({ pollers, cap }: Standing) => Math.min(cap, Math.floor(pollers / all.length));
  const lacking = (standing: Standing) => Math.max(0, evenShare(standing) - standing.held);

  const poor = others.filter((other) => lacking(other) > 0);
  const wanted = poor.reduce((sum, other) => sum + lacking(other), 0);
  const below = Math.max(0, ...poor.map(({ pollers }) => pollers));
  const yieldsBelow = lacking(me) === 0 ? below : 0;
  const onTheirWay = all.reduce((sum, { leaving }) => sum + leaving, 0);
  const rich = all
    .filter((standing) => standing.held > evenShare(standing))
    .sort((a, b) => b.held - a.held || (a.id < b.id ? -1 : 1));
  const rank = rich.indexOf(me);
  if (rank === -1 || rank >= wanted - onTheirWay) return { wanted, yieldsBelow };
  return { wanted, yieldsBelow, handOverBelow: below };
}

/** As it goes through the store. */
export function formatStanding({ id, held, leaving, pollers, cap }: Standing): string {
  return [id, held, leaving, pollers, Number.isFinite(cap) ? cap : '-'].join(' ');
}

/** Undefined for what some other version may have written. */
export function parseStanding(text: string): Standing | undefined {
  const match = /^(\S+) (\d+) (\d+) (\d+) (\d+|-)$/.exec(text);
  if (match === null) return undefined;
  const [, id = '', held, leaving, pollers, cap] = match;
  return {
    id,
    held: Number(held),
    leaving: Number(leaving),
    pollers: Number(pollers),
    cap: cap === '-' ? Infinity : Number(cap),
  };
}
