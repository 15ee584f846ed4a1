import type { Random } from './random.js';

/** How a store can be away: no connection, or one that says nothing. */
export type Outage = 'refuse' | 'hang';

/** What is done to a cluster. `slot` is the number of an instance's place in it. */
export type Deed =
  | { do: 'kill'; slot: number; storeIsDownAtStart: Outage | undefined }
  | { do: 'suspend'; slot: number; ms: number }
  | { do: 'stop'; slot: number }
  | { do: 'outage'; slots: number[]; how: Outage; ms: number }
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
 * What happens to a cluster of `slots` instances within `ms`. Halfway through, a rolling change to
 * larger sizes begins.
 */
export function createSchedule(random: Random, slots: number, ttlMs: number, ms: number): Step[] {
  const steps: Step[] = [];
  let cards: Card[] = [];
  let grown = false;
  for (let at = 0; at < ms; at += steps.at(-1)?.afterMs ?? 0) {
    const afterMs = random.between(0.3, 1.1) * ttlMs;
    if (!grown && at > ms / 2) {
      grown = true;
      steps.push({ afterMs, do: 'grow' });
      continue;
    }
    if (cards.length === 0) cards = random.shuffled(deck);
    const card = cards.pop() ?? 'feed';
    steps.push({ afterMs, ...play(card, random, slots, ttlMs) });
  }
  return steps;
}

function play(card: Card, random: Random, slots: number, ttlMs: number): Deed {
  const slot = Math.floor(random.between(0, slots));
  const all = Array.from({ length: slots }, (_, number) => number);
  const how = random.pick<Outage>(['refuse', 'hang']);
  const short = random.between(0.1, 0.5) * ttlMs;
  const long = random.between(1.4, 2.2) * ttlMs;
  switch (card) {
    case 'kill':
      return { do: 'kill', slot, storeIsDownAtStart: undefined };
    case 'kill, store down at start':
      return { do: 'kill', slot, storeIsDownAtStart: how };
    case 'suspend':
      return { do: 'suspend', slot, ms: long };
    case 'suspend shortly':
      return { do: 'suspend', slot, ms: short };
    case 'stop':
      return { do: 'stop', slot };
    case 'short outage':
      return { do: 'outage', slots: all, how, ms: short };
    case 'long outage':
      return { do: 'outage', slots: all, how, ms: long };
    case 'outage for one':
      return { do: 'outage', slots: [slot], how, ms: long };
    case 'feed':
      return { do: 'feed', queued: random.pick([0, 2, 20, 20]) };
  }
}
