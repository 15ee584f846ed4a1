/**
 * Returns a function that registers a callback for the abort of a signal. It returns a function
 * that removes the callback. Each signal gets one listener: Node warns of a leak from the eleventh
 * on.
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
