/** Random numbers from a seed: the same in every run. */
export interface Random {
  /** From 0 to 1, as Math.random. */
  next(): number;
  between(low: number, high: number): number;
  whole(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Another source, whose numbers depend on the label alone, however many were drawn here. */
  fork(label: string): Random;
}

export function createRandom(seed: string): Random {
  let state = hashOf(seed);

  function next(): number {
    // mulberry32, whose period is long enough for one run.
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  const between = (low: number, high: number) => low + next() * (high - low);
  const whole = (low: number, high: number) => Math.floor(between(low, high + 1));
  return {
    next,
    between,
    whole,
    chance: (probability) => next() < probability,
    pick<T>(items: readonly T[]): T {
      return items[whole(0, items.length - 1)] as T;
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}

/** 32 bits of a text (FNV-1a). */
export function hashOf(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash;
}
