/**
 * Returns a function that registers what to do when a signal aborts, and returns how to take that back.
 * Each signal gets one listener, however many wait for it: Node warns of a leak from the eleventh on.
 */
export function abortTogether(): (signal: AbortSignal, onAbort: () => void) => () => void {
  const groups = new WeakMap<AbortSignal, Group>();

  return (signal, onAbort) => {
    const group = groups.get(signal) ?? new Group();
    groups.set(signal, group);
    if (group.callbacks.size === 0) signal.addEventListener('abort', group);
    group.callbacks.add(onAbort);
    return () => {
      group.callbacks.delete(onAbort);
      if (group.callbacks.size === 0) signal.removeEventListener('abort', group);
    };
  };
}

class Group {
  readonly callbacks = new Set<() => void>();

  handleEvent(): void {
    for (const callback of this.callbacks) callback();
  }
}
