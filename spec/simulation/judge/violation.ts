/** A promise of the contract that was broken, or not kept in time. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    /** Which promise: the same for all its examples, so that a shrunk run can be compared. */
    readonly rule: string,
    message: string,
  ) {
    super(`"${rule}": ${message}`);
  }
}

/** Where what happened is written down. */
export interface Timeline {
  note(who: string, what: string): void;
  /** A promise was broken. The first one ends the run. */
  broken(rule: string, message: string): void;
}
