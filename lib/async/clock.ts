/**
 * Time, timers and randomness of one source. Everything in the library that waits, measures or
 * draws a random number uses this clock, so that a test can control all three.
 */
export interface Clock {
  /** Milliseconds that never leap. They stand still while the machine is suspended. */
  monotonic(): number;
  /** Milliseconds since 1970. They leap when the machine's clock is set. */
  wall(): number;
  /** A number from 0 to 1, without 1. */
  random(): number;
  /**
   * Calls `then` once, after `ms` milliseconds, at most {@link LONGEST_TIMER_MS}. Returns a
   * function that cancels it. A timer that is `unref`'d does not keep the process alive.
   */
  setTimer(ms: number, then: () => void, unref?: boolean): () => void;
  /**
   * Calls `then` after the event loop has read the data that has arrived. Returns a function that
   * cancels it. Takes no time of this clock, unless the loop is busy.
   */
  afterReading(then: () => void): () => void;
}

/** Node's timers hold 31 bits of milliseconds. A longer timer would fire at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;

// A test that fakes timers fakes no sockets: the real loop reads what arrives there.
const { setImmediate, clearImmediate } = globalThis;

/** The clock of this process. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  random: () => Math.random(),
  setTimer(ms, then, unref = false) {
    const timer = setTimeout(then, ms);
    if (unref) timer.unref();
    return () => clearTimeout(timer);
  },
  // Node runs immediates after its poll phase, in which it reads sockets.
  afterReading(then) {
    const immediate = setImmediate(then);
    return () => clearImmediate(immediate);
  },
};
