/** A text of lib, and what takes its place. */
interface Change {
  /** Below lib. */
  file: string;
  find: string;
  replace: string;
}

/** A mistake that could be made. */
export interface Fault extends Change {
  name: string;
  what: string;
  /** Further changes; without a file of their own, in the same file. */
  more?: (Omit<Change, 'file'> & Partial<Change>)[];
}

export const faults: Fault[];
