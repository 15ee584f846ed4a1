/**
 * Calls an observer of ours (a listener, a logger), and keeps what it throws or rejects with from
 * going any further: a source that fell over its observers would lose tasks.
 */
export function callSafely(observer: () => unknown): void {
  try {
    const returned = observer();
    // An observer may well be an async function.
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // Its own affair.
  }
}
