import { onTestFailed } from 'vitest';

/**
 * What is at random in a test, by a seed that a failure prints: FAULTS_SEED=<that number> makes the
 * same run again.
 */
export interface Chance {
  seed: number;
  /** A number from 0 to 1, as of Math.random. */
  random(): number;
  oneOf<T>(...choices: readonly [T, ...T[]]): T;
}

/** To be called in a test. */
export function createChance(): Chance {
  const given = process.env['FAULTS_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  onTestFailed(() => console.error(`The same run again: FAULTS_SEED=${seed}`));
  const random = mulberry32(seed);
  return {
    seed,
    random,
    oneOf: (...choices) => choices[Math.floor(random() * choices.length)] ?? choices[0],
  };
}

/** A generator of numbers from 0 to 1: the same ones for the same seed. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
