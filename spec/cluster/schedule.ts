import type { Random } from './random.js';

/** How a store can be away: no connection, or one that says nothing. */
export type Outage = 'refuse' | 'hang';

/**
 * To whom something is done: one of those that hold a poller at the time, or of all. `at` says which,
 * as a share of the list.
 */
export interface Victim {
  among: 'holders' | 'all';
  at: number;
}

/** What is done to a cluster. */
export type Deed =
  | { do: 'kill'; whom: Victim; storeIsDownAtStart: Outage | undefined }
  | { do: 'suspend'; whom: Victim; ms: number }
  | { do: 'stop'; whom: Victim }
  | { do: 'outage'; whom: Victim | 'everyone'; how: Outage; ms: number }
  /** How many tasks are kept waiting for a poll. */
  | { do: 'feed'; queued: number }
  | { do: 'grow' };

/** A deed, so long after the one before. */
export type Step = Deed & { afterMs: number };

/** What is dealt out again and again, in another order each time: nothing stays away for long. */
type Card =
  | 'kill'
  | 'kill, store down at start'
  | 'suspend'
  | 'suspend shortly'
  | 'stop'
  | 'short outage'
  | 'long outage'
  | 'outage for one'
  | 'feed';

const deck: readonly Card[] = [
  'kill',
  'kill, store down at start',
  'suspend',
  'suspend',
  'suspend shortly',
  'stop',
  'short outage',
  'long outage',
  'outage for one',
  'feed',
  'feed',
  'feed',
];

/**
 * What happens to a cluster within `ms`. Halfway through, a rolling change to larger sizes begins.
 * Things come one on top of the other, but now and then what has happened is left to settle.
 */
export function createSchedule(random: Random, ttlMs: number, ms: number): Step[] {
  const steps: Step[] = [];
  let cards: Card[] = [];
  let grown = false;
  for (let at = 0; at < ms; at += steps.at(-1)?.afterMs ?? 0) {
    const afterMs = (random.next() < 0.25 ? 2 : random.between(0.3, 1.1)) * ttlMs;
    if (!grown && at > ms / 2) {
      grown = true;
      steps.push({ afterMs, do: 'grow' });
      continue;
    }
    if (cards.length === 0) cards = random.shuffled(deck);
    const card = cards.pop() ?? 'feed';
    steps.push({ afterMs, ...play(card, random, ttlMs) });
  }
  return steps;
}

function play(card: Card, random: Random, ttlMs: number): Deed {
  const whom: Victim = { among: random.next() < 0.7 ? 'holders' : 'all', at: random.next() };
  const how = random.pick<Outage>(['refuse', 'hang']);
  const short = random.between(0.1, 0.5) * ttlMs;
  const long = random.between(1.4, 2.2) * ttlMs;
  switch (card) {
    case 'kill':
      return { do: 'kill', whom, storeIsDownAtStart: undefined };
    case 'kill, store down at start':
      return { do: 'kill', whom, storeIsDownAtStart: how };
    case 'suspend':
      return { do: 'suspend', whom, ms: long };
    case 'suspend shortly':
      return { do: 'suspend', whom, ms: short };
    case 'stop':
      return { do: 'stop', whom };
    case 'short outage':
      return { do: 'outage', whom: 'everyone', how, ms: short };
    case 'long outage':
      return { do: 'outage', whom: 'everyone', how, ms: long };
    case 'outage for one':
      return { do: 'outage', whom, how, ms: long };
    case 'feed':
      return { do: 'feed', queued: random.pick([0, 2, 20, 20]) };
  }
}
