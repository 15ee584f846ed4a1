/** What is due at some time; of two that are due together, the one that was added first comes first. */
export interface Queue<T> {
  add(at: number, item: T): void;
  /** When the first one is due; Infinity if there is none. */
  next(): number;
  take(): T | undefined;
  items(): T[];
  readonly size: number;
}

interface Entry<T> {
  at: number;
  order: number;
  item: T;
}

/** A binary heap. */
export function createQueue<T>(): Queue<T> {
  const entries: Entry<T>[] = [];
  let order = 0;
  const comesFirst = (a: Entry<T>, b: Entry<T>) =>
    a.at < b.at || (a.at === b.at && a.order < b.order);

  return {
    add(at, item) {
      const entry = { at, order: (order += 1), item };
      let place = entries.length;
      for (;;) {
        const above = (place - 1) >> 1;
        const parent = entries[above];
        if (place === 0 || parent === undefined || comesFirst(parent, entry)) break;
        entries[place] = parent;
        place = above;
      }
      entries[place] = entry;
    },
    next: () => entries[0]?.at ?? Infinity,
    take() {
      const [first] = entries;
      const last = entries.pop();
      if (first === undefined || last === undefined || entries.length === 0) return first?.item;
      let place = 0;
      for (;;) {
        const left = entries[2 * place + 1];
        const right = entries[2 * place + 2];
        if (left === undefined) break;
        const [child, below] =
          right !== undefined && comesFirst(right, left)
            ? [right, 2 * place + 2]
            : [left, 2 * place + 1];
        if (comesFirst(last, child)) break;
        entries[place] = child;
        place = below;
      }
      entries[place] = last;
      return first.item;
    },
    items: () => entries.map(({ item }) => item),
    get size() {
      return entries.length;
    },
  };
}
