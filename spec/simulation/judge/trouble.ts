/** When something last went wrong that may explain what is late or lost. */
export interface Trouble {
  /** Something is wrong from now on for so long. */
  from(now: number, ms: number): void;
  /** Whether nothing has been wrong for the last `ms`. */
  isPast(now: number, ms: number): boolean;
}

export function createTrouble(): Trouble {
  let until = -Infinity;
  return {
    from: (now, ms) => void (until = Math.max(until, now + ms)),
    isPast: (now, ms) => now - until >= ms,
  };
}
