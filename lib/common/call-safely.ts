/**
 * Calls an observer (a listener, a logger), and drops what it throws or rejects with. Without this,
 * a listener that throws could lose a task.
 */
export function callSafely(observer: () => unknown): void {
  try {
    const returned = observer();
    // An observer may be an async function.
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // The observer has to handle its own errors.
  }
}
